"""Signatures after Standard Webhooks (version 1.0.0, ``v1``: HMAC-SHA256 over id, time and the raw body)."""

from collections.abc import Mapping, Sequence
from typing import Final

from standardwebhooks import Webhook

ID_HEADER: Final = "webhook-id"
_HEADERS: Final = (ID_HEADER, "webhook-timestamp", "webhook-signature")


class StandardWebhooks:
    """The port ``SignatureVerifier``; a time that differs from ours by more than five minutes is no good one."""

    def is_signed(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
        """Whether one of the secrets, in the form ``whsec_…``, signed exactly these bytes.

        Names of headers are in lower case. Whatever the library raises for what senders send means no.
        """
        signed = {name: headers.get(name, "") for name in _HEADERS}
        # The signed text joins id, time and body with full stops, so one in the id could move the borders.
        if "." in signed[ID_HEADER]:
            return False
        return any(_verifies(body, signed, secret) for secret in secrets)


def _verifies(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except Exception:  # noqa: BLE001 - undecodable signatures, bodies and times raise errors of any kind
        return False
    return True
