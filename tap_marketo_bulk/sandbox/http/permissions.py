"""The permissions of the API user's role."""

from collections.abc import Callable, Collection

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError
from tap_marketo_bulk.sandbox.http.messages import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]
"""Responds to an authenticated call; may raise ``SandboxApiError``."""


class RolePermissions:
    """The names of the permissions that the role of every API user has."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def check(self, permission: str) -> None:
        """Check that the role has a permission; the empty text is no permission.

        Raises:
            SandboxApiError: It does not have it.
        """
        if permission and permission not in self._names:
            raise SandboxApiError(ApiErrorCode.ACCESS_DENIED, "Access denied")

    def guard(self, handler: Handler, permission_for: Callable[[HttpRequest], str]) -> Handler:
        """The handler with a check of the permission that a request needs before it."""

        def respond(request: HttpRequest) -> HttpResponse:
            self.check(permission_for(request))
            return handler(request)

        return respond
