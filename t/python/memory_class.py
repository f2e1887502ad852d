# SPDX-License-Identifier: MIT
"""Blockstore storage driver object: one pickled dictionary, shared by a lock."""

import contextlib
import fcntl
import os
import pickle

PATH = "/tmp/memory_store.pickle"

SCHEME = "memory://"


class MemoryStore(object):

    def __init__(self, path=PATH):
        self.path = path

    @contextlib.contextmanager
    def _open(self, write=False):
        with open(self.path, "a+b") as f:
            fcntl.flock(f, fcntl.LOCK_EX if write else fcntl.LOCK_SH)
            f.seek(0, os.SEEK_END)
            if f.tell() == 0:
                state = {"immutable": {}, "mutable": {}}
            else:
                f.seek(0)
                state = pickle.load(f)
            yield state
            if write:
                f.truncate(0)
                pickle.dump(state, f)
                f.flush()

    def storage_init(self):
        with self._open(write=True):
            return True

    def handles_url(self, url):
        return url.startswith(SCHEME)

    def make_mutable_url(self, data_id):
        return SCHEME + data_id

    def get_immutable_handler(self, key):
        with self._open() as state:
            return state["immutable"].get(key)

    def get_mutable_handler(self, url):
        if not self.handles_url(url):
            return None
        with self._open() as state:
            return state["mutable"].get(url[len(SCHEME):])

    def put_immutable_handler(self, key, data, txid):
        with self._open(write=True) as state:
            state["immutable"][key] = data
        return True

    def put_mutable_handler(self, data_id, version, signature, data_json):
        with self._open(write=True) as state:
            state["mutable"][data_id] = data_json
        return True

    def delete_immutable_handler(self, key, txid):
        with self._open(write=True) as state:
            return state["immutable"].pop(key, None) is not None

    def delete_mutable_handler(self, data_id, signature):
        with self._open(write=True) as state:
            return state["mutable"].pop(data_id, None) is not None
