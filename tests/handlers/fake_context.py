"""What Lambda hands to a function beside the event; apart, so that a subprocess can import it alone."""


class Context:
    """What Lambda tells a function about its call."""

    function_name = "api"
    memory_limit_in_mb = "1024"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:api"
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000
