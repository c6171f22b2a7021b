#include "search/flow/lanes.hpp"

#include <algorithm>

#include "search/flow/vector.hpp"

namespace headway::search::flow {
namespace {

using Half = LaneTimes::Half;

#if defined(__GNUC__)
HEADWAY_INLINE void wait(Half& time, const Half& until, Time extra) {
    const Half later = until + extra;
    time = time > later ? time : later;
}

HEADWAY_INLINE void work(Half& time, Time duration) { time += duration; }

HEADWAY_INLINE void fill(Half& time, Time value) { time = Half{} + value; }
#else
HEADWAY_INLINE void wait(Half& time, const Half& until, Time extra) {
    for (std::size_t l = 0; l < LaneTimes::HALF; ++l) {
        time[l] = std::max(time[l], until[l] + extra);
    }
}

HEADWAY_INLINE void work(Half& time, Time duration) {
    for (Time& t : time) {
        t += duration;
    }
}

HEADWAY_INLINE void fill(Half& time, Time value) { time.fill(value); }
#endif

// Both halves at once, so that neither waits for the other.
struct Pair {
    Half a, b;

    HEADWAY_INLINE explicit Pair(Time value) {
        fill(a, value);
        fill(b, value);
    }
    HEADWAY_INLINE void wait_for(const LaneTimes& until, Time extra) {
        wait(a, until.half[0], extra);
        wait(b, until.half[1], extra);
    }
    HEADWAY_INLINE void work_for(Time duration) {
        work(a, duration);
        work(b, duration);
    }
    HEADWAY_INLINE void leave(LaneTimes& at) const {
        at.half[0] = a;
        at.half[1] = b;
    }
};

// Adds one job to all lanes, which ends when the last machine is free.
HEADWAY_INLINE void advance_lanes(const Shop& shop, Index before, Index job, LaneTimes* free) {
    const Time* p = shop.duration(job);
    const Index m = shop.n_machines();
    Pair t(shop.release(job));
    if (shop.blocking()) {
        t.wait_for(free[0], 0);
        for (Index k = 0; k + 1 < m; ++k) {
            t.work_for(p[k]);
            t.wait_for(free[k + 1], 0);
            t.leave(free[k]);
        }
        t.work_for(p[m - 1]);
        t.leave(free[m - 1]);
    } else if (shop.has_setups()) {
        const Time* s = shop.setup(before, job);
        for (Index k = 0; k < m; ++k) {
            t.wait_for(free[k], s[k]);
            t.work_for(p[k]);
            t.leave(free[k]);
        }
    } else {
        for (Index k = 0; k < m; ++k) {
            t.wait_for(free[k], 0);
            t.work_for(p[k]);
            t.leave(free[k]);
        }
    }
}

// Adds what a job costs that ends at `end`.
HEADWAY_INLINE void charge(const Shop& shop, Index job, const LaneTimes& end, Int* cost) {
    const Time due = shop.due(job);
    const Int weight = shop.weight(job);
    alignas(64) std::array<Time, LANES> late;
    for (std::size_t l = 0; l < LANES; ++l) {
        late[l] = end.half[l / LaneTimes::HALF][l % LaneTimes::HALF] - due;
    }
    if (shop.aim() == Aim::TARDY) {
        for (std::size_t l = 0; l < LANES; ++l) {
            cost[l] += late[l] > 0 ? weight : 0;
        }
    } else {
        for (std::size_t l = 0; l < LANES; ++l) {
            cost[l] += weight * std::max(late[l], 0);
        }
    }
}

}  // namespace

HEADWAY_WIDE
void advance_all(const Shop& shop, Index before, std::span<const Index> jobs, Lanes& lanes) {
    LaneTimes* free = lanes.free.data();
    for (const Index job : jobs) {
        advance_lanes(shop, before, job, free);
        charge(shop, job, free[shop.n_machines() - 1], lanes.cost.data());
        before = job;
    }
}

}  // namespace headway::search::flow
