"""An S3 server for tests: OpenStack Swift with its s3api, one throw-away cluster a session.

Five processes on free ports of 127.0.0.1, over a folder that goes with the session however the
session ends. It checks signatures, and the checksum of every body that is sent to it.
"""

import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from uuid import uuid4

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# The shell that runs this outlives a killed pytest, because only the end of its input ends it.
_CLUSTER = r"""
set -e
folder=$1
servers=
leave() {
  kill -CONT $servers 2>/dev/null || true
  kill $servers 2>/dev/null || true
  wait
  rm -rf "$folder"
}
trap leave EXIT
for ring in account container object; do
  eval "port=\$${ring}_port"
  {
    swift-ring-builder "$folder/$ring.builder" create 4 1 1
    swift-ring-builder "$folder/$ring.builder" add --region 1 --zone 1 --ip 127.0.0.1 \
      --port "$port" --device d1 --weight 1
    swift-ring-builder "$folder/$ring.builder" rebalance
  } >>"$folder/log" 2>&1 &
  rings="$rings $!"
done
wait $rings
start() {
  memcached -l 127.0.0.1 -p "$memcached_port" -m 16 ${root:+-u root} >>"$folder/log" 2>&1 &
  servers=$!
  for server in account container object proxy; do
    /usr/bin/python3 -c "$in_folder" "$folder" "$server" >>"$folder/log" 2>&1 &
    servers="$! $servers"
  done
}
start
while read -r order; do
  case $order in
    crash) kill -KILL $servers; wait $servers 2>/dev/null || true ;;
    start) start ;;
    pause) kill -STOP $servers ;;
    resume) kill -CONT $servers ;;
  esac
  echo "$order"
done
"""
# Debian's Python runs Debian's Swift, with the swift.conf of the folder instead of the machine's.
_IN_FOLDER = """
import runpy, sys
from swift.common import utils
folder, name = sys.argv[1:]
utils.set_swift_dir(folder)
program = f"/usr/bin/swift-{name}-server"
sys.argv = [program, f"{folder}/{name}.conf"]
runpy.run_path(program, run_name="__main__")
"""
_HASH = """
[swift-hash]
swift_hash_path_prefix = media
swift_hash_path_suffix = tests
[storage-policy:0]
name = only
default = yes
[swift-constraints]
max_file_size = 5368709122
"""
_BACK_END = Template("""
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
swift_dir = $folder
devices = $folder/devices
mount_check = false
workers = 0
user = $user
log_address = $folder/no-syslog
recon_cache_path = $folder
[pipeline:main]
pipeline = $name-server
[app:$name-server]
use = egg:swift#$name
""")
# The proxy may be the first to be ready, and must not shun the others for that.
_PROXY = Template("""
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
swift_dir = $folder
workers = 0
user = $user
log_address = $folder/no-syslog
[pipeline:main]
pipeline = catch_errors proxy-logging cache s3api tempauth bulk copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
error_suppression_interval = 0
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$memcached_port
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
""")
_BACK_ENDS = ("account", "container", "object")
_NAMES = (*_BACK_ENDS, "proxy", "memcached")
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_PATIENCE_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of its own, and how to reach it."""

    name: str
    endpoint: str

    @property
    def url(self) -> str:
        """The setting that makes a server keep its bytes here."""
        return f"s3://{self.name}/a/prefix"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the tools of S3 know."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test:tester",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,  # not whoever's runs the tests
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self) -> Any:
        """Return another client than ours, to look from outside."""
        return _client(self.endpoint)

    def keys(self) -> list[str]:
        """Return the name of every object."""
        listed = self.client().list_objects_v2(Bucket=self.name)
        return [entry["Key"] for entry in listed.get("Contents", ())]

    def etag(self, name: str) -> str:
        """Return the entity tag of an object, without its quotes."""
        tag: str = self.client().head_object(Bucket=self.name, Key=name)["ETag"]
        return tag.strip('"')

    def unfinished(self) -> list[str]:
        """Return the name of every multipart upload that was neither completed nor aborted."""
        listed = self.client().list_multipart_uploads(Bucket=self.name)
        return [entry["Key"] for entry in listed.get("Uploads", ())]


class CrashingCluster:
    """A cluster that goes down, hangs and comes back when it is told to."""

    def __init__(self, endpoint: str, process: subprocess.Popen[str], log: Path) -> None:
        self.endpoint = endpoint
        self._process = process
        self._log = log

    def crash(self) -> None:
        """Kill every process of it at once; the folder stays as it is."""
        self._order("crash")

    def start(self) -> None:
        """Start it again over the same folder; it works when this returns."""
        self._order("start")
        self.await_readiness()

    def pause(self) -> None:
        """Stop every process of it: connections stay, and nothing is answered."""
        self._order("pause")

    def resume(self) -> None:
        """Let it go on where it was."""
        self._order("resume")

    def await_readiness(self) -> None:
        """Return when all of the servers work."""
        _await_readiness(self.endpoint, self._process, self._log)

    def _order(self, order: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == f"{order}\n"


@contextmanager
def server() -> Iterator[str]:
    """Run a cluster; yield the address of its S3 endpoint."""
    with crashing_cluster() as running:
        yield running.endpoint


@contextmanager
def crashing_cluster() -> Iterator[CrashingCluster]:
    """Run a cluster."""
    missing = [name for name in ("swift-proxy-server", "memcached") if not shutil.which(name)]
    if missing:
        pytest.fail(f"{', '.join(missing)} is missing: `make test` installs it")
    folder, ports = Path(tempfile.mkdtemp(prefix="swift-")), _free_ports()
    _configure(folder, ports)
    environment = {f"{name}_port": str(port) for name, port in ports.items()}
    environment |= {"PATH": _PATH, "in_folder": _IN_FOLDER, "root": "" if os.geteuid() else "yes"}
    with subprocess.Popen(  # noqa: S603 - our own script and a folder of ours
        ["/bin/sh", "-c", _CLUSTER, "sh", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
        env=environment,
        start_new_session=True,  # an interrupt from the keyboard is for pytest alone
        text=True,
    ) as process:
        endpoint = f"http://127.0.0.1:{ports['proxy']}"
        running = CrashingCluster(endpoint, process, folder / "log")
        running.await_readiness()
        yield running


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of this session's S3 server."""
    with server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_endpoint: str) -> Bucket:
    """A new, empty bucket."""
    return new_bucket(s3_endpoint)


def new_bucket(endpoint: str) -> Bucket:
    """Make a bucket, which stays until the session ends."""
    made = Bucket(f"test-{uuid4().hex}", endpoint)
    made.client().create_bucket(Bucket=made.name)
    return made


@functools.cache
def _client(endpoint: str) -> Any:
    return botocore.session.Session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test:tester",
        aws_secret_access_key="testing",  # noqa: S106 - the throw-away cluster's
        config=Config(retries={"total_max_attempts": 1}),
    )


def _configure(folder: Path, ports: Mapping[str, int]) -> None:
    user = pwd.getpwuid(os.geteuid()).pw_name
    (folder / "devices" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(_HASH)
    for name in _BACK_ENDS:
        port = ports[name]
        text = _BACK_END.substitute(folder=folder, name=name, port=port, user=user)
        (folder / f"{name}.conf").write_text(text)
    cache, port = ports["memcached"], ports["proxy"]
    text = _PROXY.substitute(folder=folder, port=port, memcached_port=cache, user=user)
    (folder / "proxy.conf").write_text(text)


def _await_readiness(endpoint: str, process: subprocess.Popen[str], log: Path) -> None:
    client = Bucket("any", endpoint).client()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            # Takes all of the servers; a new name, because one that failed may be there.
            client.create_bucket(Bucket=uuid4().hex)
        except (BotoCoreError, ClientError):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Swift did not start:\n{log.read_text()}")
            time.sleep(0.05)
        else:
            return


def _free_ports() -> dict[str, int]:
    with ExitStack() as held:
        listeners = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in _NAMES]
        return {name: each.getsockname()[1] for name, each in zip(_NAMES, listeners, strict=True)}
