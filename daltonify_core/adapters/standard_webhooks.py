"""Signatures after Standard Webhooks (version 1.0.0, ``v1``: HMAC-SHA256 over id, time and the raw body)."""

from collections.abc import Mapping, Sequence
from typing import Final

from standardwebhooks import Webhook

ID_HEADER: Final = "webhook-id"
SIGNATURE_HEADER: Final = "webhook-signature"
_HEADERS: Final = (ID_HEADER, "webhook-timestamp", SIGNATURE_HEADER)
_MOST_SIGNATURES: Final = 10
"""Senders sign twice while they rotate; each costs a look at the whole body."""


class StandardWebhooks:
    """The port ``SignatureVerifier``; a time that differs from ours by more than five minutes is no good one."""

    def is_signed(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
        """Whether one of the secrets, in the form ``whsec_…``, signed exactly these bytes.

        Names of headers are in lower case. Whatever the library raises for what senders send means no.
        """
        signed = {name: headers.get(name, "") for name in _HEADERS}
        given = signed[SIGNATURE_HEADER].split()[:_MOST_SIGNATURES]
        # The signed text joins id, time and body with full stops, so one in the id could move the borders.
        if "." in signed[ID_HEADER]:
            return False
        # One by one: the library gives up at the first that it cannot decode, though the next may be good.
        return any(
            _verifies(body, signed | {SIGNATURE_HEADER: signature}, secret) for secret in secrets for signature in given
        )


def _verifies(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except Exception:  # noqa: BLE001 - undecodable signatures, bodies and times raise errors of any kind
        return False
    return True
