"""What is kept in one DynamoDB table, one module for each port."""

from daltonify_core.adapters.dynamodb.artists import DynamoArtistStore
from daltonify_core.adapters.dynamodb.audio_jobs import DynamoAudioJobStore
from daltonify_core.adapters.dynamodb.look_ups import DynamoLookUpCache
from daltonify_core.adapters.dynamodb.publications import DynamoPublicationStore
from daltonify_core.adapters.dynamodb.releases import DynamoReleaseStore

__all__ = [
    "DynamoArtistStore",
    "DynamoAudioJobStore",
    "DynamoLookUpCache",
    "DynamoPublicationStore",
    "DynamoReleaseStore",
]
