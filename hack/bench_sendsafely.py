"""SendSafely's part of the benchmark: the list of one person's packages, and the vendor's own client."""

import json

import sendsafely_company
from sendsafely.utilities import make_headers

ENDPOINT = "/package/organization/search/"
PAGE = 100
#: Of eleven packages that are made, seven are there, three are deleted and listed all the same, and one is only begun.
MADE, THERE = 11, 7
DELETED = {-1, -3, -4}


class SendSafely:
    name, title = "sendsafely", "SendSafely"
    stream, record = "packages", "package"
    client = "sendsafely, get_sent_packages by 100"
    #: It has no way to ask for less than all.
    client_records = 1_000_000
    #: A list is read page by page: where the next one begins is told by the one before.
    connections = 1
    units_per_minute = None
    allowance = "the vendor publishes none: there is no allowance to use up"
    person = sendsafely_company.PETER

    def __init__(self, sandbox):
        self.sandbox, self.company = sandbox, sendsafely_company.Company(sandbox)
        # A signature is made once for all requests of a measurement.
        self.company.console("PATCH", "features", {"timestampWindowSeconds": 86_400})

    def close(self):
        """Nothing is left open."""

    @staticmethod
    def scenario(packages, quota):
        """A company in which Peter has so many packages that are there."""
        made = packages // THERE * MADE + packages % THERE
        scenario = sendsafely_company.scenario()
        users = [
            {"email": sendsafely_company.DEPUTY, "admin": True, "serviceAccount": True},
            {"email": sendsafely_company.PETER, "generate": {"packages": made}},
        ]
        scenario["sendsafely"] |= {"users": users, "groups": []}
        return scenario

    def load(self):
        """The pages of the list. The query is not signed, so that one signature is good for all of them."""
        body = json.dumps({"sender": self.person})
        key = self.company.key
        place = f"/sendsafely/api/v2.0{ENDPOINT}"
        return {
            "headers": make_headers(key["apiSecret"], key["apiKey"], ENDPOINT, body),
            "body": body,
            "paths": [f"{place}?rowIndex={row}&pageSize={PAGE}" for row in range(0, self.listed(body), PAGE)],
        }

    def listed(self, body):
        """How many rows the list has: the last row is looked for by halves."""
        low, high = 0, 1
        while self.has_row(body, high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.has_row(body, middle) else (low, middle)
        return high

    def has_row(self, body, row):
        page = {"rowIndex": row, "pageSize": 1}
        reply = self.company.ask("POST", ENDPOINT, json.loads(body), query=page)
        return bool(reply["packages"])

    def read(self, _):
        """What Peter has sent, with a key of his own, as the vendor's documentation shows it."""
        client = self.company.client(self.company.make_key(self.person))
        packages = client.get_sent_packages(page_size=PAGE)["packages"]
        return sum(package["packageState"] not in DELETED for package in packages)

    def provider(self, _):
        return {"host": sendsafely_company.HOST, "account": sendsafely_company.DEPUTY, "endpoint": f"{self.sandbox.url}/sendsafely"}

    def entries(self):
        """What the connection's Secret holds."""
        return {"api-key": self.company.key["apiKey"], "api-secret": self.company.key["apiSecret"]}
