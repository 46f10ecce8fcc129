-- The health of Deputy's three kinds, by the same rules as kstatus: a status that is of an older generation says nothing
-- yet; Reconciling is under way; Stalled waits for somebody; all else is as Ready says.

local function found(conditions, name)
  for _, condition in ipairs(conditions) do
    if condition.type == name then
      return condition
    end
  end
end

local function health(status, condition)
  return { status = status, message = (condition and condition.message) or "" }
end

if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "is being deleted" }
end
if obj.spec ~= nil and obj.spec.suspend == true then
  return { status = "Suspended", message = "parked by spec.suspend" }
end

local status = obj.status or {}
if status.observedGeneration ~= nil and status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "waits for the operator to read this generation" }
end

local conditions = status.conditions or {}
local reconciling = found(conditions, "Reconciling")
if reconciling ~= nil and reconciling.status == "True" then
  return health("Progressing", reconciling)
end
local stalled = found(conditions, "Stalled")
if stalled ~= nil and stalled.status == "True" then
  return health("Degraded", stalled)
end
local ready = found(conditions, "Ready")
if ready == nil then
  return { status = "Progressing", message = "waits for the operator" }
end
if ready.status == "True" then
  return health("Healthy", ready)
end
return health("Progressing", ready)
