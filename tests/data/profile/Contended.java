public class Contended {
    static void burn(long until) { while (System.nanoTime() < until) { } }
    static void take(Object lock, long end) {
        while (System.nanoTime() < end) {
            synchronized (lock) { burn(System.nanoTime() + 2_000_000); }
            burn(System.nanoTime() + 200_000);
        }
    }
    public static void main(String[] args) throws Exception {
        boolean clean = args.length > 1 && args[1].equals("clean");
        long end = System.nanoTime() + Long.parseLong(args[0]) * 1_000_000;
        Object shared = new Object();
        Thread[] threads = new Thread[3];
        for (int i = 0; i < 3; i++) {
            Object lock = clean ? new Object() : shared;
            threads[i] = new Thread(() -> take(lock, end), "taker-" + i);
            threads[i].start();
        }
        for (Thread t : threads) t.join();
    }
}
