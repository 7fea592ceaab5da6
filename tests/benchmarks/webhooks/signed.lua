-- POSTs the events in the file BODY, a signature and an event in two lines, each once.
local lines = {}
for line in io.lines(os.getenv("BODY")) do lines[#lines + 1] = line end
local number = -1

function request()
    number = number + 2
    if number > #lines then error("all events were sent") end
    return wrk.format("POST", nil, {
        ["Content-Type"] = "application/json", ["Stripe-Signature"] = lines[number]
    }, lines[number + 1])
end
