#include "search/one_machine.hpp"

#include <algorithm>
#include <queue>
#include <stdexcept>
#include <utility>
#include <vector>

namespace headway::search {
namespace {

using Column = std::vector<Int>;
using Rows = std::vector<std::size_t>;

// The tasks by head; those that have arrived wait in a heap, the one of longest tail on top.
class Arrivals {
public:
    Arrivals(const Column& head, const Column& tail) : head_(&head), by_head_(head.size()) {
        for (std::size_t i = 0; i < by_head_.size(); ++i) {
            by_head_[i] = i;
        }
        std::ranges::stable_sort(by_head_, {}, [&](std::size_t i) { return head[i]; });
        waiting_ = Heap(Shorter{&tail});
    }

    bool empty() const { return next_ == by_head_.size() && waiting_.empty(); }
    Int next_head() const {
        return next_ < by_head_.size() ? (*head_)[by_head_[next_]] : FOREVER;
    }
    // Lets in what has arrived by `now`, or by the next arrival if nobody waits.
    Int let_in(Int now) {
        if (waiting_.empty()) {
            now = std::max(now, next_head());
        }
        while (next_head() <= now) {
            waiting_.push(by_head_[next_++]);
        }
        return now;
    }
    std::size_t top() const { return waiting_.top(); }
    void pop() { waiting_.pop(); }

private:
    struct Shorter {
        const Column* tail = nullptr;
        bool operator()(std::size_t a, std::size_t b) const {
            return (*tail)[a] != (*tail)[b] ? (*tail)[a] < (*tail)[b] : a > b;
        }
    };
    using Heap = std::priority_queue<std::size_t, Rows, Shorter>;

    const Column* head_;
    Rows by_head_;
    std::size_t next_ = 0;
    Heap waiting_;
};

// Jackson's preemptive schedule.
Int preemptive(const Column& head, Ints work, const Column& tail) {
    Arrivals arrivals(head, tail);
    Column left(work.begin(), work.end());
    Int now = 0, bound = 0;
    while (!arrivals.empty()) {
        now = arrivals.let_in(now);
        const std::size_t i = arrivals.top();
        const Int done = std::min(left[i], arrivals.next_head() - now);
        now += done;
        left[i] -= done;
        if (left[i] == 0) {
            arrivals.pop();
            bound = std::max(bound, now + tail[i]);
        }
    }
    return bound;
}

// Schrage's schedule: whenever the machine is free, the waiting task of longest tail.
struct Schrage {
    Rows order;
    Column start;
    Int value = 0;
    std::size_t last = 0;  // the place in `order` of a task that attains the value

    Schrage(const Column& head, Ints work, const Column& tail) {
        Arrivals arrivals(head, tail);
        for (Int now = 0; !arrivals.empty();) {
            now = arrivals.let_in(now);
            const std::size_t i = arrivals.top();
            arrivals.pop();
            order.push_back(i);
            start.push_back(now);
            now += work[i];
            if (now + tail[i] > value) {
                value = now + tail[i];
                last = order.size() - 1;
            }
        }
    }
};

struct Branch {
    Column head, tail;
    Int bound;

    bool operator<(const Branch& other) const { return bound > other.bound; }  // lowest on top
};

}  // namespace

Int one_machine_optimum(Ints head, Ints work, Ints tail, Int nodes) {
    if (head.size() != work.size() || tail.size() != work.size()) {
        throw std::invalid_argument("one machine: columns differ in length");
    }
    std::priority_queue<Branch> open;
    Branch root{{head.begin(), head.end()}, {tail.begin(), tail.end()}, 0};
    root.bound = preemptive(root.head, work, root.tail);
    open.push(std::move(root));
    Int best = FOREVER;
    for (Int node = 0; !open.empty() && open.top().bound < best; ++node) {
        if (node == nodes) {
            return open.top().bound;
        }
        Branch here = open.top();
        open.pop();
        const Schrage schedule(here.head, work, here.tail);
        best = std::min(best, schedule.value);
        // Back from the critical task through work without a pause, to the first of shorter tail:
        // it goes before all those behind it, or after all of them.
        const Rows& order = schedule.order;
        std::size_t k = schedule.last;
        Int least_head = FOREVER, sum = 0, least_tail = here.tail.empty() ? 0 : here.tail[order[k]];
        bool found = false;
        while (!order.empty()) {
            const std::size_t i = order[k];
            if (here.tail[i] < here.tail[order[schedule.last]]) {
                found = true;
                break;
            }
            least_head = std::min(least_head, here.head[i]);
            least_tail = std::min(least_tail, here.tail[i]);
            sum += work[i];
            if (k == 0 || schedule.start[k - 1] + work[order[k - 1]] < schedule.start[k]) {
                break;
            }
            --k;
        }
        if (!found) {
            continue;  // the schedule is the best of this branch
        }
        const std::size_t task = order[k];
        for (const bool behind : {true, false}) {
            Branch next{here.head, here.tail, here.bound};
            if (behind) {
                next.head[task] = std::max(next.head[task], least_head + sum);
            } else {
                next.tail[task] = std::max(next.tail[task], least_tail + sum);
            }
            next.bound = std::max(next.bound, preemptive(next.head, work, next.tail));
            if (next.bound < best) {
                open.push(std::move(next));
            }
        }
    }
    return best == FOREVER ? 0 : best;
}

}  // namespace headway::search
