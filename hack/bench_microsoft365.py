"""Microsoft 365's part of the benchmark: a mailbox in Exchange Online, and msgraph-sdk."""

from urllib.parse import quote

import microsoft365_tenant
from msgraph.generated.users.item.mail_folders.item.messages.delta.delta_request_builder import DeltaRequestBuilder

#: What a sync at the level Metadata asks of a message, and how many at once.
FIELDS = [
    "id", "parentFolderId", "conversationId", "receivedDateTime", "sentDateTime", "from", "sender", "toRecipients",
    "ccRecipients", "bccRecipients", "internetMessageId", "isRead", "isDraft", "importance", "categories",
]
PAGE = 500
DELTA = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters


class Microsoft365:
    name, title = "microsoft365", "Microsoft 365"
    stream, record = "mail", "message"
    client = "msgraph-sdk, delta, pages of 500"
    #: What it is given. For every message it goes through the imports of all kinds of entities, so that it is slower still.
    client_records = 1_000
    #: The most requests at a time that the vendor bears for one mailbox.
    connections = 4
    units_per_minute = None
    allowance = "a page of 500 messages is one of 10000 requests in ten minutes: there is no allowance to use up"
    person = microsoft365_tenant.PETER

    def __init__(self, sandbox):
        self.sandbox, self.tenant = sandbox, microsoft365_tenant.Tenant(sandbox)
        self.secret = self.tenant.secret()["value"]
        self.graph = self.tenant.graph(self.secret)
        self.read(1, page=1)  # it loads a thousand modules with the first message, which is not to count

    def close(self):
        self.tenant.close()

    @staticmethod
    def scenario(messages, quota):
        peter = {"mail": {"generate": {"messages": messages}}, "calendar": {}, "files": {}}
        return microsoft365_tenant.scenario(quota=quota, peter=peter)

    def load(self):
        """A chain of pages for each folder: the next one's address is in the one before, so that a chain is one after the other."""
        place = f"/microsoft365/graph/v1.0/users/{microsoft365_tenant.PETER_ID}/mailFolders"
        query = f"$select={quote(','.join(FIELDS))}"
        return {
            "token": self.tenant.token(self.secret)["access_token"],
            "paths": [f"{place}/{folder}/messages/delta?{query}" for folder in self.folders()],
            "headers": {"prefer": f'IdType="ImmutableId", odata.maxpagesize={PAGE}'},
            "follow": "@odata.nextLink",
        }

    def folders(self):
        tree = self.graph.users.by_user_id(self.person).mail_folders.delta
        return [folder.id for page in self.tenant.pages(tree) for folder in page.value]

    def read(self, wanted, page=PAGE):
        """The folders, and the messages of each by delta, as the vendor's documentation shows it."""
        read = set()
        for folder in self.folders():
            messages = self.graph.users.by_user_id(self.person).mail_folders.by_mail_folder_id(folder).messages.delta
            for part in self.tenant.pages(messages, DELTA(select=FIELDS), size=page):
                read.update(message.id for message in part.value)
                if len(read) >= wanted:
                    return len(read)
        return len(read)

    def provider(self, profile):
        return {"tenant": microsoft365_tenant.TENANT, "clientId": microsoft365_tenant.CLIENT,
                "endpoint": f"{self.sandbox.url}/microsoft365", "quotaProfile": profile}

    def entries(self):
        """What the connection's Secret holds."""
        return {"client-secret": self.secret}
