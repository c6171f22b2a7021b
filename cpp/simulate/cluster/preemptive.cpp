#include "simulate/cluster/preemptive.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace headway::simulate {

namespace {

constexpr int CHECK_EVERY = 1024;

}  // namespace

Preemptive::Preemptive(const Jobs& jobs, Int capacity, Ints levels, Sort sort)
    : jobs_(jobs), capacity_(capacity), levels_(levels), sort_(std::move(sort)) {
    require_sound(jobs, capacity);
    const std::size_t n = jobs.submit.size();
    if (n > 0 ? levels.size() % n != 0 : !levels.empty()) {
        throw std::invalid_argument("jobs: rows of levels that do not fit");
    }
    executed_.assign(n, 0);
    since_.assign(n, ABSENT);
}

Stretches Preemptive::run(const std::function<void()>& check) {
    int events = 0;
    while (next_ < jobs_.submit.size() || !active_.empty()) {
        if (++events % CHECK_EVERY == 0) {
            check();
        }
        work_until(next_event());
        for (; next_ < jobs_.submit.size() && jobs_.submit[next_] == now_; ++next_) {
            active_.push_back(static_cast<Int>(next_));
        }
        decide();
    }
    return std::move(stretches_);
}

Int Preemptive::next_event() const {
    Int time = next_ < jobs_.submit.size() ? jobs_.submit[next_] : FOREVER;
    const std::size_t n = jobs_.submit.size();
    for (const Int number : active_) {
        const auto job = static_cast<std::size_t>(number);
        if (!runs(job)) {
            continue;
        }
        time = std::min(time, now_ + jobs_.run[job] - executed_[job]);
        for (std::size_t k = job; k < levels_.size(); k += n) {
            if (levels_[k] > executed_[job]) {
                time = std::min(time, now_ + levels_[k] - executed_[job]);
            }
        }
    }
    return time;
}

// Moves on to `now` and takes off whoever is done then.
void Preemptive::work_until(Int now) {
    const Int passed = now - now_;
    now_ = now;
    std::erase_if(active_, [this, passed](Int number) {
        const auto job = static_cast<std::size_t>(number);
        if (!runs(job)) {
            return false;
        }
        executed_[job] += passed;
        if (executed_[job] < jobs_.run[job]) {
            return false;
        }
        take_off(job);
        return true;
    });
}

void Preemptive::take_off(std::size_t job) {
    // A stretch without length did no work, unless there was none to do.
    if (since_[job] < now_ || jobs_.run[job] == 0) {
        stretches_.job.push_back(static_cast<Int>(job));
        stretches_.start.push_back(since_[job]);
        stretches_.end.push_back(now_);
    }
    since_[job] = ABSENT;
}

void Preemptive::decide() {
    sort_(now_, active_, executed_);
    Int free = capacity_;
    for (const Int number : active_) {
        const auto job = static_cast<std::size_t>(number);
        if (jobs_.amount[job] <= free) {
            free -= jobs_.amount[job];
            since_[job] = runs(job) ? since_[job] : now_;
        } else if (runs(job)) {
            take_off(job);
        }
    }
}

}  // namespace headway::simulate
