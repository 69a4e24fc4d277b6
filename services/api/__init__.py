"""The service over HTTP: the only part that knows requests, status codes and headers."""
