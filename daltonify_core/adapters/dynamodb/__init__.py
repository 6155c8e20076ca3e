"""What is kept in one DynamoDB table, one module for each port."""

from daltonify_core.adapters.dynamodb.audio_jobs import DynamoAudioJobStore
from daltonify_core.adapters.dynamodb.look_ups import DynamoLookUpCache
from daltonify_core.adapters.dynamodb.publications import DynamoPublicationStore

__all__ = ["DynamoAudioJobStore", "DynamoLookUpCache", "DynamoPublicationStore"]
