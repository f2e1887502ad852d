# SPDX-License-Identifier: MIT
"""Blockstore storage driver: everything is text in one SQLite file."""

import sqlite3

PATH = "/tmp/ledger_lines.db"

SCHEME = "ledger://"


def query(sql, args=()):
    """Run one statement; return (first row or None, number of changed rows)."""
    con = sqlite3.connect(PATH)
    try:
        cur = con.execute(sql, args)
        row = cur.fetchone()
        con.commit()
        return row, cur.rowcount
    finally:
        con.close()


def storage_init():
    query("CREATE TABLE IF NOT EXISTS immutable_data "
          "(key TEXT PRIMARY KEY, data TEXT, txid TEXT)")
    query("CREATE TABLE IF NOT EXISTS mutable_data "
          "(data_id TEXT PRIMARY KEY, version INTEGER, signature TEXT, record TEXT)")
    return True


def make_mutable_url(data_id):
    return SCHEME + data_id


def get_immutable_handler(key):
    row, _ = query("SELECT data FROM immutable_data WHERE key = ?", (key,))
    if row is None:
        return None
    return row[0].encode("utf-8")


def get_mutable_handler(url):
    if not url.startswith(SCHEME):
        return None
    data_id = url[len(SCHEME):]
    row, _ = query("SELECT record FROM mutable_data WHERE data_id = ?", (data_id,))
    if row is None:
        return None
    return row[0]


def put_immutable_handler(key, data, txid):
    query("INSERT OR REPLACE INTO immutable_data VALUES (?, ?, ?)",
          (key, data.decode("utf-8"), txid))
    return True


def put_mutable_handler(data_id, version, signature, data_json):
    query("INSERT OR REPLACE INTO mutable_data VALUES (?, ?, ?, ?)",
          (data_id, version, signature, data_json))
    return True


def delete_immutable_handler(key, txid):
    _, count = query("DELETE FROM immutable_data WHERE key = ?", (key,))
    return count > 0


def delete_mutable_handler(data_id, signature):
    _, count = query("DELETE FROM mutable_data WHERE data_id = ?", (data_id,))
    return count > 0
