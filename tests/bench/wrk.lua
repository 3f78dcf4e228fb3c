-- tests/bench/wrk.lua -- posts every file named on the command line in turn, so that neither
-- branch predictors nor inline caches learn one body by heart.
--   wrk ... -s wrk.lua URL -- PATH FILE...
local requests = {}
local at = 0

function init(args)
  for i = 2, #args do
    local file = assert(io.open(args[i], "rb"))
    local body = file:read("*a")
    file:close()
    requests[#requests + 1] = wrk.format("POST", args[1], { ["Content-Type"] = "application/json" }, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
