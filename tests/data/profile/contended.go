// One mutex that a goroutine on its own thread holds most of the time.
package main

import (
	"os"
	"sync"
	"time"
)

var shared sync.Mutex

func burn(until time.Time) { for time.Now().Before(until) {} }

//go:noinline
func take(wg *sync.WaitGroup, mu *sync.Mutex, end time.Time) {
	defer wg.Done()
	for time.Now().Before(end) {
		mu.Lock()
		burn(time.Now().Add(2 * time.Millisecond))
		mu.Unlock()
		burn(time.Now().Add(200 * time.Microsecond))
	}
}

func main() {
	clean := len(os.Args) > 2 && os.Args[2] == "clean"
	d, _ := time.ParseDuration(os.Args[1] + "ms")
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		mu := &shared
		if clean { mu = new(sync.Mutex) }
		go take(&wg, mu, end)
	}
	wg.Wait()
}
