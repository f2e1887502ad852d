# SPDX-License-Identifier: MIT
"""Blockstore storage driver: keeps every object as a file below ROOT."""

import os

ROOT = "/tmp/shelf"

SCHEME = "file://"


def immutable_path(key):
    return os.path.join(ROOT, "immutable", key)


def mutable_path(data_id):
    return os.path.join(ROOT, "mutable", data_id)


def storage_init():
    os.makedirs(os.path.join(ROOT, "immutable"), exist_ok=True)
    os.makedirs(os.path.join(ROOT, "mutable"), exist_ok=True)
    return True


def make_mutable_url(data_id):
    return SCHEME + mutable_path(data_id)


def get_immutable_handler(key):
    path = immutable_path(key)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as f:
        return f.read()


def get_mutable_handler(url):
    if not url.startswith(SCHEME + os.path.join(ROOT, "mutable") + "/"):
        return None
    path = url[len(SCHEME):]
    if not os.path.exists(path):
        return None
    with open(path, "r") as f:
        return f.read()


def put_immutable_handler(key, data, txid):
    with open(immutable_path(key), "wb") as f:
        f.write(data)
    return True


def put_mutable_handler(data_id, version, signature, data_json):
    with open(mutable_path(data_id), "w") as f:
        f.write(data_json)
    return True


def delete_immutable_handler(key, txid):
    path = immutable_path(key)
    if not os.path.exists(path):
        return False
    os.unlink(path)
    return True


def delete_mutable_handler(data_id, signature):
    path = mutable_path(data_id)
    if not os.path.exists(path):
        return False
    os.unlink(path)
    return True
