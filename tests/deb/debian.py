"""A Debian in a folder, made by debootstrap, with the mirror and the network settings of this machine: tests/deb and tests/fresh."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

APT = pathlib.Path("/etc/apt")


def run(*args, **options):
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def must(*args, **options):
    done = run(*args, **options)
    if done.returncode:
        sys.exit(f"{args}: exit {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def sources(codename):
    """(name, text) of this machine's list of Debian's archives, for another release of Debian."""
    file = next((f for f in (APT / "sources.list.d/debian.sources", APT / "sources.list") if f.exists()), None)
    if file is None:
        sys.exit("no list of Debian's archives: neither /etc/apt/sources.list.d/debian.sources nor /etc/apt/sources.list")
    here = re.search(r"^VERSION_CODENAME=(\S+)", pathlib.Path("/etc/os-release").read_text(), re.M)[1]
    return str(file.relative_to("/")), re.sub(rf"\b{here}\b", codename, file.read_text())


def make_root(root, codename):
    """A minimal Debian that reaches the network as this machine does."""
    name, text = sources(codename)
    archive = re.search(r"^(?:URIs:|deb(?: \[.*?\])?) *(\S+)", text, re.M)[1]
    must("debootstrap", "--variant=minbase", "--include=ca-certificates", codename, root, archive)
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    (root / name).write_text(text)
    set_network(root)


def set_network(root):
    """Proxies, certificates and names as on this machine."""
    for file in APT.glob("apt.conf.d/*"):
        if subprocess.run(["dpkg-query", "-S", file], capture_output=True, check=False).returncode != 0:  # of no package
            shutil.copy(file, root / "etc/apt/apt.conf.d")
    for folder in ("etc/ssl/certs", "usr/share/ca-certificates", "usr/local/share/ca-certificates"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        must("cp", "-a", f"/{folder}/.", root / folder)
    for file in ("etc/resolv.conf", "etc/hosts"):
        shutil.copy("/" + file, root / file)


def environment():
    """Proxies as on this machine, and for Node, which npm runs on, the file of certificates: its own are built in."""
    network = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy") or k == "NODE_EXTRA_CA_CERTS"}
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8", **network}


def in_root(root, script, **options):
    """A shell script as root in the folder, without systemd; no process of it remains."""
    mounts = 'mount --make-rprivate /; mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; '
    return run("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", mounts + 'exec chroot "$0" sh -c "$1"', root,
               script, **{"env": environment(), **options})
