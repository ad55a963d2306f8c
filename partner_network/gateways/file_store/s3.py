"""Files in any S3-compatible store, by boto3 in threads."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from partner_network.gateways.file_store import store
from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.sentences import Sentence

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class S3FileStore:
    """One bucket; what is written is signed with its hash, so that the store refuses a damaged upload."""

    def __init__(
        self,
        bucket: str,
        *,
        endpoint_url: str | None = None,
        region: str = "us-east-1",
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        self._bucket = bucket
        # As signed addresses have it: the name of a bucket with dots would break the certificate of the host.
        host = "s3.amazonaws.com" if "." in bucket else f"{bucket}.s3.amazonaws.com"
        named = urlsplit(endpoint_url or f"https://{host}")
        self.site = f"{named.scheme}://{named.netloc}"
        """The site to which signed addresses lead, for pages that show pictures from it."""
        self._client: S3Client = boto3.client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=_config(path_style=endpoint_url is not None),
        )

    async def put(self, key: str, content: bytes, content_type: str) -> store.Stored:
        """Keep the content under a key."""
        record = store.stored(key, content, content_type)
        await asyncio.to_thread(
            self._client.put_object, Bucket=self._bucket, Key=key, Body=content, ContentType=content_type
        )
        return record

    async def get(self, key: str) -> bytes:
        """Return the content. Errors: NotFoundError."""
        store.must_be_key(key)
        return await asyncio.to_thread(self._read, key)

    async def exists(self, key: str) -> bool:
        """Tell whether something is kept under the key."""
        store.must_be_key(key)
        try:
            await asyncio.to_thread(self._client.head_object, Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _code(error) in _MISSING:
                return False
            raise
        return True

    async def delete(self, key: str) -> None:
        """Keep the content no longer; a key under which nothing is kept is no error."""
        store.must_be_key(key)
        await asyncio.to_thread(self._client.delete_object, Bucket=self._bucket, Key=key)

    def signed_url(self, key: str, *, filename: str, expires_in_s: int, now: datetime) -> str:
        """Return an address at the store that downloads the file under that name until it expires.

        The store reads its own clock, so the span starts at wall time whatever `now` the network simulates.
        """
        del now
        store.must_be_key(key)
        store.must_expire(expires_in_s)
        wanted: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentDisposition": store.content_disposition(filename),
        }
        return self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=expires_in_s)

    def _read(self, key: str) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if _code(error) in _MISSING:
                raise NotFoundError(Sentence("There is no file {key!r}.", key=key)) from None
            raise


def _config(*, path_style: bool) -> Config:
    return Config(
        signature_version="s3v4",
        # Newer checksums travel as trailers that many S3-compatible stores do not know.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Also over TLS: the signature covers the content's hash, so a damaged body is refused.
        s3={"addressing_style": "path" if path_style else "auto", "payload_signing_enabled": True},
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
    )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
