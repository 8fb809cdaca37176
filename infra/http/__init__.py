"""The HTTP that every module speaks: views, problem details, identity, paging, preconditions, idempotency, OpenAPI."""
