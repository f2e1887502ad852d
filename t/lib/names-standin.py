#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# A name server that tells what it is told to tell: netstrings on a port of its own, for tests of the client.
#
#   names-standin.py WORLD [PATH]
#
# Writes its port to standard output (with PATH it listens there instead) and ends when standard input does.  WORLD is a JSON
# file that is read anew for each request:
#
#   network, block, node_blocks, confirmations, fee_rate   as getinfo tells them
#   history    any text: two chains with another text have other consensus hashes; or [[FROM, TEXT], ...] from a block on
#   chain      the chain's id, 64 digits; null: none yet
#   names      {NAME: {members of its entry that are not the usual ones}}
#   batch      {METHOD: the result of each such request of a batch}
#   operations {BLOCK: [digits]}; part: how many of them go into one answer
#   room       how many requests of a batch the reply has room for
#   held       how many batches it waits for before it answers the first; ends: after how many it hangs up
#   behind     the port of a real name server that is asked instead
#   lies       {METHOD: LIE}, with "params" only where there are so many of them; LIE: {"result": JSON}, {"text": the payload}, {"raw": bytes as they go out}, {"hang": true}, {"forward": true, ...}: "behind" is told all the same,
#              {"slow": seconds}, {"close": how many bytes of the answer go out before it hangs up}
import hashlib, json, os, socket, sys, threading, time

SCRIPT = "76a9140102030405060708090a0b0c0d0e0f101112131488ac"
ADDRESS = "16L5yRNPTuciSgXGHqYwn9N6NeoKqopAu"
lock = threading.Lock()


class Gone(Exception):
    """The connection has nothing more to say."""


def world():
    with open(sys.argv[1]) as file:
        return json.load(file)


def text_of(history, block):
    if isinstance(history, str):
        return history
    return [text for start, text in history if start <= block][-1]


def consensus(told, block):
    if block > told["block"]:
        return None
    return hashlib.md5(f"{text_of(told.get('history', ''), block)} {block}".encode()).hexdigest()


def tip(told):
    return {"block": told["block"], "consensus": consensus(told, told["block"])}


def info(told, params):
    return {
        "chain_id": told.get("chain", "11" * 32), "network": told.get("network", "local"), "first_block": 1,
        "last_block": told["block"], "consensus": consensus(told, told["block"]), "block_time": 0,
        "names": len(told.get("names", {})), "fee_rate": told.get("fee_rate", 10000),
        "confirmations": told.get("confirmations", 0), "node_blocks": told.get("node_blocks", 0), "server": "stand-in 1",
    }


def name(told, params):
    entry = told.get("names", {}).get(params[0])
    if entry is not None:
        usual = {
            "name": params[0], "value_hash": None, "sender": SCRIPT, "sender_pubkey": None, "address": ADDRESS,
            "block_number": 2, "preorder_block_number": 2, "first_registered": 2, "last_renewed": 2, "revoked": False, "op": ":",
            "txid": "ab" * 32, "vtxindex": 1, "op_fee": 6400000, "importer": None, "importer_address": None,
            "consensus_hash": None, "listed": 3, "changed_block": 2,
        }
        entry = {**usual, **entry}
    return {**tip(told), "name": entry, "namespace": namespace(told, ["id"])["namespace"], "inherited": False}


def namespace(told, params):
    return {**tip(told), "namespace": {
        "namespace_id": params[0], "state": "ready", "namespace_id_hash": "00" * 20, "version": 1, "sender": None,
        "sender_pubkey": None, "address": None, "recipient": None, "recipient_address": None, "block_number": 0,
        "reveal_block": 0, "ready_block": 0, "op": "!", "txid": "00" * 32, "vtxindex": 0, "lifetime": 4294967295, "coeff": 250,
        "base": 4, "buckets": [6, 5, 4, 3, 2, 1] + [0] * 10, "nonalpha_discount": 10, "no_vowel_discount": 10,
    }}


def operations(told, block, offset=0):
    all_of_it = told.get("operations", {}).get(str(block), [])[offset:]
    part = told.get("part", len(all_of_it))
    return {"operations": all_of_it[:part], "more": len(all_of_it) > part}


METHODS = {
    "ping": lambda told, params: {"status": "alive"},
    "getinfo": info,
    "get_name_state": name,
    "get_namespace_state": namespace,
    "get_preorder_state": lambda told, params: {**tip(told), "preorder": None},
    "get_consensus_at": lambda told, params: consensus(told, params[0]),
    "get_nameops_hash_at": lambda told, params: params[0] <= told["block"] and f"{params[0]:064x}" or None,
    "get_consensus_range": lambda told, params: [consensus(told, block) for block in range(params[0], params[1] + 1)],
    "get_all_names": lambda told, params: sorted(told.get("names", {}))[params[0]:][:min(params[1], 2)],
    "get_names_owned_by_address": lambda told, params: sorted(told.get("names", {})),
    "get_unspents": lambda told, params: {"unspents": []},
    "get_operations_at": lambda told, params: operations(told, *params),
    "get_operations_on": lambda told, params: {"operations": [], "more": False},
    "get_announcements_at": lambda told, params: [],
    "get_refused_at": lambda told, params: [],
    "get_name_value": lambda told, params: {"found": False, "value_hash": None},
}


def receive(connection, buffer):
    while b":" not in buffer:
        more = connection.recv(65536)
        if not more:
            raise Gone
        buffer += more
    length, buffer = buffer.split(b":", 1)
    while len(buffer) <= int(length):
        more = connection.recv(65536)
        if not more:
            raise Gone
        buffer += more
    return json.loads(buffer[: int(length)]), buffer[int(length) + 1 :]


def forward(port, request):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        text = json.dumps(request).encode()
        connection.sendall(b"%d:%s," % (len(text), text))
        return json.dumps(receive(connection, b"")[0])


def one_of_many(told, request):
    if "behind" in told:
        return json.loads(forward(told["behind"], request))
    return [METHODS[request["method"]](told, request["params"])]


def answer(told, request):
    """The bytes that go out, and whether the connection stays."""
    if isinstance(request, list):
        lies = told.get("batch", {})
        replies = [[lies[one["method"]]] if one["method"] in lies else one_of_many(told, one) for one in request]
        room = told.get("room", len(replies))
        replies[room:] = [[{"error": "The reply has no more room.", "code": "too_large"}]] * (len(replies) - room)
        text = json.dumps(replies).encode()
        return b"%d:%s," % (len(text), text), True
    lie = told.get("lies", {}).get(request["method"], {})
    if lie.get("params", len(request["params"])) != len(request["params"]):
        lie = {}
    told_behind = "behind" in told and (not lie or lie.get("forward"))
    text = forward(told["behind"], request) if told_behind else "x" * 50
    if lie.get("hang"):
        time.sleep(600)
    time.sleep(lie.get("slow", 0))
    if "raw" in lie:
        return lie["raw"].encode("latin-1"), True
    if "text" in lie:
        text = lie["text"]
    elif "result" in lie:
        text = json.dumps([lie["result"]])
    elif "behind" in told:
        pass
    elif request["method"] in METHODS:
        text = json.dumps([METHODS[request["method"]](told, request["params"])])
    else:
        text = json.dumps({"fault": "NoSuchFunction", "faultCode": -32601, "faultString": "function not found"})
    text = text.encode("latin-1")
    frame = b"%d:%s," % (len(text), text)
    return (frame[: lie["close"]], False) if "close" in lie else (frame, True)


def serve(connection):
    buffer, stays, held, answered = b"", True, [], 0
    try:
        while stays:
            request, buffer = receive(connection, buffer)
            told = world()
            held.append(request)
            if isinstance(request, list) and answered == 0 and len(held) < told.get("held", 1):
                continue
            for one in held:
                if isinstance(one, list) and answered == told.get("ends"):
                    raise Gone
                answered += isinstance(one, list)
                frame, stays = answer(told, one)
                connection.sendall(frame)
            held = []
    except (Gone, OSError):
        pass
    connection.close()


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if len(sys.argv) > 2:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[2])
else:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
listener.listen(50)
print(sys.argv[2] if len(sys.argv) > 2 else listener.getsockname()[1], flush=True)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
sys.stdin.read()
os._exit(0)
