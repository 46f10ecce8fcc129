"""What the demo does in the vendors' consoles."""

MESSAGE = (
    "From: May <may@parker.example>\r\nTo: peter.parker@acme.example\r\nSubject: Dinner at eight\r\n"
    "Message-ID: <dinner@parker.example>\r\nDate: Sun, 22 Nov 2026 17:00:00 +0000\r\n\r\nWheatcakes.\r\n"
)
PETER = "peter.parker@acme.example"


class Mail:
    """A system in which people have mail, calendars and files."""

    condition = "DelegationValid"
    arrived = ("mail", "subject = 'Dinner at eight'")
    samples = (
        ("mail", "received_at, sender[:32] AS sender, subject[:40] AS subject, labels", "received_at DESC", 5),
        ("calendar", "starts_at, status, organizer, recurrence", "starts_at DESC", 3),
        ("drive", "name, mime_type, size, modified_at", "modified_at DESC", 3),
    )


class Google(Mail):
    name, title = "google", "Google"
    account, right = "service account", "A scope"
    people, outsider = ("peter-parker", "mary-jane"), "norman-osborn"
    _delegation = "google/delegation/107400000000000000001"
    _scope = {"scope": "https://www.googleapis.com/auth/calendar"}

    def credential(self, console):
        key = console.ask("POST", "google/keys", {"serviceAccount": "deputy@acme.iam.gserviceaccount.com"})
        return {"key.json": console.text(key)}

    def take_away(self, console):
        console.ask("POST", f"{self._delegation}/revoke", self._scope)

    def give_back(self, console):
        console.ask("POST", f"{self._delegation}/grant", self._scope)

    def deliver(self, console):
        console.ask("POST", f"google/users/{PETER}/messages", {"rfc822": MESSAGE, "labels": ["INBOX"]})


class Microsoft365(Mail):
    name, title = "microsoft365", "Microsoft 365"
    account, right = "application", "A permission"
    people = ("peter-parker-microsoft365", "mary-jane-microsoft365")
    outsider = "norman-osborn-microsoft365"
    _app = "microsoft365/apps/6d1f0a52-3f0c-4b1e-9a57-0000000000a1"
    _role = {"role": "Calendars.Read"}

    def credential(self, console):
        return {"client-secret": console.ask("POST", f"{self._app}/secrets", {})["value"]}

    def take_away(self, console):
        console.ask("POST", f"{self._app}/revoke", self._role)

    def give_back(self, console):
        console.ask("POST", f"{self._app}/grant", self._role)

    def deliver(self, console):
        console.ask("POST", f"microsoft365/users/{PETER}/messages", {"rfc822": MESSAGE, "folder": "inbox"})


class SendSafely:
    name, title = "sendsafely", "SendSafely"
    account, right = "service account", "The administrator's privilege"
    people, outsider = ("peter-parker-sendsafely", "mary-jane-sendsafely"), "norman-osborn-sendsafely"
    condition = "PermissionsGranted"
    arrived = ("packages", "label = 'Dinner at eight'")
    samples = (
        ("packages", "modified_at, state, pickup, recipients, file_names", "modified_at DESC", 5),
        ("activity", "occurred_at, kind, action, ip_address", "occurred_at DESC", 3),
    )
    _bot = "sendsafely/users/deputy@acme.example"

    def credential(self, console):
        key = console.ask("POST", f"{self._bot}/keys", {"description": "Deputy"})
        return {"api-key": key["apiKey"], "api-secret": key["apiSecret"]}

    def take_away(self, console):
        console.ask("PATCH", self._bot, {"admin": False})

    def give_back(self, console):
        console.ask("PATCH", self._bot, {"admin": True})

    def deliver(self, console):
        package = {"recipients": ["may@parker.example"], "label": "Dinner at eight", "files": [{"name": "menu.pdf", "size": 4096}]}
        console.ask("POST", f"sendsafely/users/{PETER}/packages", package)


ALL = {system.name: system for system in (Google(), Microsoft365(), SendSafely())}
