"""The settings in force, for who runs the instance; they are changed in their file, not here."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tutela.access.roles import Permission
from tutela.settings_in_force import in_force

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages


class SettingPages:
    """The page of settings."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._settings = pages.platform.settings

    async def all(self, request: Request) -> Response:
        """Show what is not as shipped, then everything, part by part. No secret is shown."""
        asker = await self._pages.asker(request, Permission.ACCOUNT_MANAGE)
        found = in_force(self._settings)
        parts = groupby(found, key=lambda one: one.part)
        return self._pages.page(
            "settings.html",
            asker,
            own=[one for one in found if one.own],
            parts=[(part, tuple(rows)) for part, rows in parts],
        )
