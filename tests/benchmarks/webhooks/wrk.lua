-- POSTs the body in the file BODY; its order number differs in each request.
local file = io.open(os.getenv("BODY"))
local body = file:read("*a")
file:close()
local number, base = 0, 0

function init(args)
    math.randomseed(os.time())
    base = math.random(1, 1000000000)
end

function request()
    number = number + 1
    local order = string.gsub(body, "ord00000", "o" .. base .. "x" .. number)
    return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, order)
end
