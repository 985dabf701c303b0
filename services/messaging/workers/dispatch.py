"""Sends what is due, as long as the process lives."""

from __future__ import annotations

import logging
import threading
from time import monotonic

from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError

from services.messaging.adapters.sql.senders import SenderExpired, Senders
from services.messaging.bootstrap import Wiring
from services.messaging.use_cases.dispatch_messages import DispatchMessages
from shared.backoff import backoff_s
from shared.workers.loops import work_until

_log = logging.getLogger(__name__)
_IDLE_S = 0.1
_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 2.0, 30.0
CLAIMED = Counter("rapport_messaging_claimed_total", "messages taken from the queue to be sent")
IN_DOUBT = Counter("rapport_messaging_in_doubt_total", "messages whose sender died while they may have been sent")


class DispatchLoop:
    """One sender. Any number may run, in any number of processes."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._patrol_at = 0.0
        self._unreached = 0

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; a database or mail server that is away is waited for."""
        senders = self._wiring.senders()
        transport = self._wiring.transport()
        done = threading.Event()
        heart = threading.Thread(target=self._beat, args=(senders, done), name="sender-heartbeat", daemon=True)
        self._renew(senders)
        heart.start()
        try:
            dispatch = self._wiring.dispatch(senders, transport)
            away = DBAPIError, SenderExpired
            work_until(stop, lambda: self._once(dispatch, stop), rest_s=_IDLE_S, away=away)
            self._leave(senders)
        finally:
            done.set()
            heart.join()
            transport.close()

    def _once(self, dispatch: DispatchMessages, stop: threading.Event) -> int:
        """Send what is due; how many messages were taken from the queue."""
        if monotonic() >= self._patrol_at:
            IN_DOUBT.inc(dispatch.take_over())
            self._patrol_at = monotonic() + self._wiring.settings.messaging_sender_timeout_s / 3
        progress = dispatch.dispatch(stop.is_set)
        CLAIMED.inc(progress.claimed)
        if progress.trouble is not None:
            self._unreached += 1
            trouble = {"times": self._unreached, "reason": progress.trouble}
            _log.warning("the mail server is out of reach", extra=trouble)
            stop.wait(backoff_s(self._unreached, first_s=_FIRST_BACKOFF_S, longest_s=_LONGEST_BACKOFF_S))
        elif progress.claimed:
            self._unreached = 0
        return progress.claimed

    def _beat(self, senders: Senders, done: threading.Event) -> None:
        """Stay alive until the last message is settled."""
        while not done.wait(self._wiring.settings.messaging_sender_timeout_s / 4):
            self._renew(senders)

    def _renew(self, senders: Senders) -> None:
        try:
            senders.stay_alive()
        except DBAPIError as error:
            _log.warning("the sender cannot renew its lease", extra={"reason": str(error)})

    def _leave(self, senders: Senders) -> None:
        try:
            senders.leave()
        except DBAPIError as error:
            _log.warning("the sender's lease runs out by itself", extra={"reason": str(error)})
