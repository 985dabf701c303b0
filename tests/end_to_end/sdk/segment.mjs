// Sends one call of each kind and 40 track calls with Segment's Node SDK: node segment.mjs <host> <write key>
import { Analytics } from '@segment/analytics-node'

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host, maxEventsInBatch: 15 })
analytics.on('error', (error) => {
  console.error(error)
  process.exitCode = 1
})

const userId = 'segment-node'
analytics.identify({ userId, traits: { email: 'node@example.com', name: '王小明' } })
analytics.page({ userId, name: 'Home' })
analytics.screen({ userId, name: 'Basket' })
analytics.group({ userId, groupId: 'acme', traits: { name: 'Acme' } })
analytics.alias({ userId, previousId: 'anonymous-node' })
analytics.track({
  userId,
  event: 'Order Completed',
  timestamp: new Date('2011-12-09T12:50:00Z'),
  properties: { order_id: 'segment-node-1', revenue: 249.45, currency: 'GBP', products: [{ sku: '22138', price: 4.95, quantity: 3 }] },
})
for (let n = 0; n < 40; n++) analytics.track({ userId, event: 'Viewed', properties: { n } })
await analytics.closeAndFlush()
