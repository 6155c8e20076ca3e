"""The page on its way to the bucket that CloudFront serves it from.

There is no build step, so a file's name says nothing of its content, and how long a copy counts decides how long a
visitor may see parts of two versions. HTML is asked for anew every time (``no-cache``; mostly nothing has changed).
Scripts, styles and pictures count for a minute: going to and fro does not ask for twenty files each time, and a page
whose modules do not fit each other mends itself with the next load after that minute. ``must-revalidate`` keeps a copy
from being used any longer, also when the service cannot be reached.
"""

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.local.content_types import HTML_CACHE, cache_control, served_type
from infra.local.deploy.faults import DeploymentFault, aws_faults

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SITE: Final = Path(__file__).parents[2] / "site"
_DIGEST_MARK: Final = "sha256"
_KEYS_PER_DELETION: Final = 1_000  # S3 takes no more in one request
_CONTACT: Final = re.compile(r"(<span id=\"contact\">)(.*?)(</span>)", re.DOTALL)
_MAIL: Final = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"']+")
_WEB: Final = re.compile(r"https://[^\s<>\"']+")


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is to be served."""

    name: str
    content: bytes
    content_type: str
    cache: str

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class PageUpload:
    """What an upload did."""

    sent: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]


def check_contact(contact: str) -> None:
    """Raises ``DeploymentFault`` unless it is an e-mail address or the address of a page."""
    if not (_MAIL.fullmatch(contact) or _WEB.fullmatch(contact)):
        raise DeploymentFault(
            "The page on privacy must say who runs this service: CONTACT=mail-address, or the https:// address of a "
            "page with your contact."
        )


def check_mail(address: str) -> None:
    """Raises ``DeploymentFault`` unless it is one e-mail address."""
    if not _MAIL.fullmatch(address):
        raise DeploymentFault("ALARM_EMAIL must be one mail address: alarms go there.")


def page_files(contact: str, site: Path = SITE) -> list[PageFile]:
    """Every file of the page, HTML last: what it names is there before it is.

    ``contact`` takes the place of what the page on privacy says of a service that runs on somebody's own machine.
    """
    files = []
    for path in sorted(path for path in site.rglob("*") if path.is_file() and not path.name.startswith(".")):
        name, content = path.relative_to(site).as_posix(), path.read_bytes()
        is_html = path.suffix == ".html"
        if is_html:
            content = _with_contact(content.decode("utf-8"), contact).encode()
        files.append(PageFile(name, content, served_type(name), cache_control(name)))
    return sorted(files, key=lambda file: (file.cache == HTML_CACHE, file.name))


def upload_page(s3: "S3Client", bucket: str, files: Sequence[PageFile]) -> PageUpload:
    """Send what differs in content or headers, and only then remove what is no part of the page any longer."""
    with aws_faults(f"The page cannot be uploaded to {bucket}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        stored = {entry["Key"] for page in pages for entry in page.get("Contents", [])}
        sent = []
        for file in files:
            if file.name in stored and _is_served_so(s3.head_object(Bucket=bucket, Key=file.name), file):
                continue
            s3.put_object(
                Bucket=bucket,
                Key=file.name,
                Body=file.content,
                ContentType=file.content_type,
                CacheControl=file.cache,
                Metadata={_DIGEST_MARK: file.digest},
            )
            sent.append(file.name)
        gone = sorted(stored - {file.name for file in files})
        for start in range(0, len(gone), _KEYS_PER_DELETION):
            batch: Any = [{"Key": key} for key in gone[start : start + _KEYS_PER_DELETION]]
            refused = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True}).get("Errors", [])
            if refused:
                raise DeploymentFault(f"{refused[0].get('Key')} cannot be removed from {bucket}: repeat the command.")
    return PageUpload(tuple(sent), len(files) - len(sent), tuple(gone))


def invalidate(
    cloudfront: Any, s3: "S3Client", distribution: str, bucket: str, upload: PageUpload, reference: str
) -> bool:
    """Make CloudFront forget its copies if the page changed since it was last told so; whether it was told now.

    The times of the bucket count too: a run that broke off after the upload has left that to this one. ``reference``
    must be new for each call.
    """
    with aws_faults(f"CloudFront cannot be told of the new page ({distribution})"):
        if not (upload.sent or upload.removed):
            told = cloudfront.list_invalidations(DistributionId=distribution, MaxItems="1")["InvalidationList"]
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            newest = max((entry["LastModified"] for page in pages for entry in page.get("Contents", [])), default=None)
            last = max((one["CreateTime"] for one in told.get("Items", [])), default=datetime.min.replace(tzinfo=UTC))
            # S3 tells whole seconds, CloudFront parts of them.
            if newest is None or newest.replace(microsecond=0) <= last:
                return False
        cloudfront.create_invalidation(
            DistributionId=distribution,
            # One path, which costs as much as a single file.
            InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": reference},
        )
    return True


def _with_contact(text: str, contact: str) -> str:
    shown = html.escape(contact)
    link = f'<a href="{"" if _WEB.fullmatch(contact) else "mailto:"}{shown}">{shown}</a>'
    return _CONTACT.sub(lambda found: f"{found[1]}{link}{found[3]}", text)


def _is_served_so(head: Mapping[str, Any], file: PageFile) -> bool:
    served = (head["Metadata"].get(_DIGEST_MARK), head.get("ContentType"), head.get("CacheControl"))
    return served == (file.digest, file.content_type, file.cache)
