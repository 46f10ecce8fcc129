// Judge reads objects, one JSON document a line, and prints for each what kstatus and an Argo CD health script make of it.
//
//	judge health.lua < objects.jsonl
//
// The script runs as in Argo CD: the same engine with the same libraries (no strings, no files), the object as the
// global "obj", and a table with "status" and "message" as the result.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

const largestObject = 4 << 20

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

type verdicts struct {
	Kstatus verdict `json:"kstatus"`
	ArgoCD  verdict `json:"argocd"`
}

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("use: judge SCRIPT")
	}
	script, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, largestObject)
	output := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		verdicts, err := judge(lines.Bytes(), string(script))
		if err != nil {
			return err
		}
		if err := output.Encode(verdicts); err != nil {
			return err
		}
	}
	return lines.Err()
}

func judge(document []byte, script string) (verdicts, error) {
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(document); err != nil {
		return verdicts{}, err
	}
	computed, err := status.Compute(object)
	if err != nil {
		return verdicts{}, err
	}
	health, err := runScript(object.Object, script)
	if err != nil {
		return verdicts{}, err
	}
	return verdicts{Kstatus: verdict{computed.Status.String(), computed.Message}, ArgoCD: health}, nil
}

func runScript(object map[string]any, script string) (verdict, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	libraries := []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}}
	for _, library := range libraries {
		call := lua.P{Fn: state.NewFunction(library.open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(library.name)); err != nil {
			return verdict{}, err
		}
	}
	state.SetGlobal("obj", value(state, object))
	if err := state.DoString(script); err != nil {
		return verdict{}, err
	}
	result, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return verdict{}, fmt.Errorf("the script returns no table")
	}
	return verdict{lua.LVAsString(result.RawGetString("status")), lua.LVAsString(result.RawGetString("message"))}, nil
}

func value(state *lua.LState, item any) lua.LValue {
	switch known := item.(type) {
	case bool:
		return lua.LBool(known)
	case int64:
		return lua.LNumber(known)
	case float64:
		return lua.LNumber(known)
	case string:
		return lua.LString(known)
	case []any:
		table := state.CreateTable(len(known), 0)
		for _, item := range known {
			table.Append(value(state, item))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(known))
		for key, item := range known {
			table.RawSetString(key, value(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
