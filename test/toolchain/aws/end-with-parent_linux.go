package main

import (
	"os/exec"
	"runtime"
	"syscall"
)

// The kernel watches the thread that started a process, not the process of that thread: hence the lock on it, which main
// never gives back.
func endWithParent(command *exec.Cmd) {
	runtime.LockOSThread()
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
