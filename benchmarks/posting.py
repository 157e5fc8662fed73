def posts(tokens, run):
    listed = ", ".join(f'"{token}"' for token in tokens)
    return f"""
local tokens = {{{listed}}}
local words = {{"harbour", "ferry", "council", "tram", "bridge", "school", "library", "market", "winter", "timetable",
  "budget", "quay", "storm", "cranes", "island", "petition", "driver", "evening", "ticket", "street"}}
local at = 0
math.randomseed(7)
function request()
  at = at + 1
  local body = {{"Remark", tostring(at), "of {run}:"}}
  for i = 1, 25 do body[#body + 1] = words[math.random(#words)] end
  local json = string.format('{{"site":"bench","article":{{"key":"big","url":"https://bench.example/big","title":"Big"}},"body":"%s","nudge":false}}', table.concat(body, " "))
  return wrk.format("POST", "/api/v1/comments", {{["Authorization"] = tokens[at % #tokens + 1],
    ["Content-Type"] = "application/json", ["Idempotency-Key"] = "{run}-" .. at}}, json)
end
"""
