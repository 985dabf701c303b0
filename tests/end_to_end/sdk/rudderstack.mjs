// Sends one call of each kind and 40 track calls with RudderStack's Node SDK: node rudderstack.mjs <host> <write key>
import RudderAnalytics from '@rudderstack/rudder-sdk-node'

const [dataPlaneUrl, writeKey] = process.argv.slice(2)
const analytics = new RudderAnalytics(writeKey, { dataPlaneUrl, flushAt: 20, logLevel: 'error' })
const calls = []
const send = (kind, message) =>
  calls.push(new Promise((done, failed) => analytics[kind](message, (error) => (error ? failed(error) : done()))))

const userId = 'rudderstack-node'
send('identify', { userId, traits: { email: 'rudder@example.com', name: '王小明' } })
send('page', { userId, name: 'Home' })
send('screen', { userId, name: 'Basket' })
send('group', { userId, groupId: 'acme', traits: { name: 'Acme' } })
send('alias', { userId, previousId: 'anonymous-rudder' })
send('track', {
  userId,
  event: 'Order Completed',
  originalTimestamp: new Date('2011-12-09T12:50:00Z'),
  properties: { order_id: 'rudderstack-node-1', revenue: 249.45, currency: 'GBP' },
})
for (let n = 0; n < 40; n++) send('track', { userId, event: 'Viewed', properties: { n } })
analytics.flush()
await Promise.all(calls)
process.exit(0)
