-- tests/bench/net_bench.lua -- wrk: POST a body of BYTES (default 2048) bytes.
local bytes = tonumber(os.getenv("BYTES") or "2048")
wrk.method = "POST"
wrk.path = "/cds-services/pgx-order-sign"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"a":"' .. string.rep("x", bytes - 8) .. '"}'
