# SPDX-License-Identifier: MIT
"""Blockstore storage driver: a plain HTTP server with GET, PUT and DELETE."""

import urllib.error
import urllib.request

try:
    from blockstore.storage import UnhandledURLException
except ImportError:
    class UnhandledURLException(Exception):
        pass

BASE_URL = "http://localhost:8080"


def immutable_url(key):
    return BASE_URL + "/immutable/" + key


def request(method, url, data=None):
    """Return the body of the answer, or None if the server has no such object."""
    req = urllib.request.Request(url, data=data, method=method)
    try:
        with urllib.request.urlopen(req) as resp:
            return resp.read()
    except urllib.error.HTTPError as e:
        if e.code == 404:
            return None
        raise


def storage_init():
    return True


def make_mutable_url(data_id):
    return BASE_URL + "/mutable/" + data_id


def get_immutable_handler(key):
    return request("GET", immutable_url(key))


def get_mutable_handler(url):
    if not url.startswith(BASE_URL + "/mutable/"):
        raise UnhandledURLException(url)
    body = request("GET", url)
    if body is None:
        return None
    return body.decode("utf-8")


def put_immutable_handler(key, data, txid):
    return request("PUT", immutable_url(key), data) is not None


def put_mutable_handler(data_id, version, signature, data_json):
    return request("PUT", make_mutable_url(data_id), data_json.encode("utf-8")) is not None


def delete_immutable_handler(key, txid):
    return request("DELETE", immutable_url(key)) is not None


def delete_mutable_handler(data_id, signature):
    return request("DELETE", make_mutable_url(data_id)) is not None
