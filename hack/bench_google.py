"""Google's part of the benchmark: a mailbox in Gmail, and google-api-python-client."""

import json
from urllib.parse import urlencode

import google_tenant

BATCH = 50
UNITS = {"get": 20, "list": 5, "profile": 1}
HEADERS = ["From", "To", "Cc", "Bcc", "Date", "Message-ID", "In-Reply-To"]
#: What a sync at the level Metadata asks of a message.
QUERY = [
    ("format", "metadata"),
    ("fields", "id,threadId,labelIds,sizeEstimate,internalDate,payload/headers"),
    *(("metadataHeaders", name) for name in HEADERS),
]


class Google:
    name, title = "google", "Google"
    stream, record = "mail", "message"
    client = "google-api-python-client, batches of 50"
    #: What it is given; it is slow.
    client_records = 5_000
    #: The most requests at a time that the vendor bears from one person.
    connections = 8
    mail, quota, units_per_minute = "gmail", "2026", 6_000
    allowance = "quotas of 2026, 6000 units a minute for a person"
    person = google_tenant.PETER

    def __init__(self, sandbox):
        self.sandbox, self.tenant = sandbox, google_tenant.Tenant(sandbox)

    def close(self):
        """Nothing is left open."""

    @staticmethod
    def scenario(messages, quota):
        peter = {"mail": {"generate": {"messages": messages}}, "calendars": [], "files": {}}
        return google_tenant.scenario(quota=quota, peter=peter)

    @staticmethod
    def units(path):
        last = path.rsplit("/", 1)[1]
        return UNITS[{"profile": "profile", "messages": "list"}.get(last, "get")]

    def load(self):
        """A request a message, as Gmail has it."""
        messages = self.tenant.gmail().users().messages()
        request = messages.list(userId="me", maxResults=500, includeSpamTrash=True, fields="messages/id,nextPageToken")
        ids = [it["id"] for page in google_tenant.pages(messages, request) for it in page["messages"]]
        query = urlencode(QUERY)
        paths = [f"/google/gmail/v1/users/me/messages/{id_}?{query}" for id_ in ids]
        return {"token": self.tenant.token(google_tenant.GMAIL), "paths": paths}

    def read(self, wanted):
        """messages.list, and messages.get in batches, as the vendor's documentation shows it."""
        gmail, read = self.tenant.gmail(), []
        messages = gmail.users().messages()

        def take(_, message, error):
            if error is not None:
                raise error
            read.append(message)

        for page in google_tenant.pages(messages, messages.list(userId="me", maxResults=500)):
            ids = [it["id"] for it in page["messages"]]
            for first in range(0, len(ids), BATCH):
                batch = gmail.new_batch_http_request(callback=take)
                for id_ in ids[first : first + BATCH]:
                    batch.add(messages.get(userId="me", id=id_, format="metadata", metadataHeaders=HEADERS))
                batch.execute()
            if len(read) >= wanted:
                break
        return len(read)

    def provider(self, profile):
        return {"adminEmail": google_tenant.ADMIN, "endpoint": f"{self.sandbox.url}/google", "quotaProfile": profile,
                "scopes": [google_tenant.GMAIL, google_tenant.DIRECTORY]}

    def entries(self):
        """What the connection's Secret holds."""
        return {"key.json": json.dumps(self.tenant.key)}
