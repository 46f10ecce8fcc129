"""Every check of scim2-tester against the endpoint at the URL that is given. Ends with 1 unless all of them succeed."""

import os
import sys

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

# Fewer would mean that the tester did not find what it looks for.
LEAST = 40

client = httpx2.Client(
    base_url=sys.argv[1],
    headers={"Authorization": f"Bearer {os.environ['TOKEN']}"},
    timeout=30,
    trust_env=False,
)
results = check_server(SyncSCIMClient(client))
failed = [result for result in results if result.status is not Status.SUCCESS]
for result in failed:
    print(f"{result.status.name} {result.title}: {result.reason} {result.data!r}"[:1000])
print(f"{len(results) - len(failed)} of {len(results)} checks succeeded")
sys.exit(bool(failed) or len(results) < LEAST)
