"""A server with many files of one account, and what is asked of it."""

from dataclasses import dataclass
from typing import Any, Final

from client import apart, request
from load import Load, load
from seeding import name_of
from serving import Server

PAGE: Final = 50
CLIENT_CORE: Final = 1
_CONNECTION: Final = (
    "{nodes{id filename description tags visibility mimeType size checksum url"
    " createdAt updatedAt streamUrl}}"
)


@dataclass(frozen=True, slots=True)
class Library:
    """A server with ``files`` files, and how long to ask it for each figure."""

    server: Server
    files: int
    seconds: float

    def load(self, message: bytes, connections: int = 1) -> Load:
        """Return what repeated asking gives."""
        return apart(
            load,
            self.server.port,
            [message],
            connections=connections,
            seconds=self.seconds,
            processor=CLIENT_CORE,
        )

    def page(self, transport: str) -> bytes:
        """Return a request for the first page, once it is sure to answer one."""
        message = self.rest() if transport == "REST" else self.graphql()
        data = self.server.json(message)["data"]
        files: Any = data if transport == "REST" else data["files"]["nodes"]
        assert len(files) == PAGE, data
        assert len(files[0]) >= 11, files[0]
        return message

    def graphql(self, narrowed: str = "") -> bytes:
        """Return a request for a page through GraphQL."""
        query = "{files(first:" + str(PAGE) + f" {narrowed})" + _CONNECTION + "}"
        return self.server.graphql_request(query)

    def rest(self, narrowed: str = "") -> bytes:
        """Return a request for a page through REST, which tells the total besides."""
        return self.server.get(f"/v1/media/files?limit={PAGE}{narrowed}")

    def narrowed(self) -> dict[str, bytes]:
        """Return requests for other pages than the first of everything."""
        middle = self.files // 2
        name = name_of(middle)
        found = self.server.graphql(f'{{files(filter:{{name:"{name}"}}){{edges{{cursor}}}}}}')
        after = found["files"]["edges"][0]["cursor"]
        return {
            "GraphQL, after a cursor in the middle": self.graphql(f'after:"{after}"'),
            "GraphQL, by size": self.graphql("orderBy:SIZE_ASC"),
            "GraphQL, a tag of 1 in 100": self.graphql('filter:{tags:["rare"]}'),
            "GraphQL, a tag of 1 in 5,000": self.graphql('filter:{tags:["seldom"]}'),
            "GraphQL, a tag of nearly all": self.graphql('filter:{tags:["summer"]}'),
            "GraphQL, a name that all have": self.graphql('filter:{name:"HOLIDAY"}'),
            "GraphQL, a name that one has": self.graphql(f'filter:{{name:"{name}"}}'),
            "REST, a tag of 1 in 100": self.rest("&tag=rare"),
            "REST, a tag of nearly all": self.rest("&tag=summer"),
            "REST, a name that all have": self.rest("&name=HOLIDAY"),
            "REST, a name that one has": self.rest(f"&name={name}"),
            f"REST, offset {middle:,}": self.rest(f"&offset={middle}"),
        }

    def upload(self, number: int) -> bytes:
        """Return a request that uploads a small file of its own content."""
        content = b"%032d" % number
        boundary = b"-" * 20
        body = (
            b"--%b\r\ncontent-disposition: form-data; name=file; filename=%d.txt\r\n\r\n"
            b"%b\r\n--%b--\r\n" % (boundary, number, content, boundary)
        )
        kind = f"content-type: multipart/form-data; boundary={boundary.decode()}\r\n"
        return request("POST /v1/media/upload", self.server.token, kind, body)
