#include "simulate/cluster/pool.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace headway::simulate {

namespace {

constexpr int CHECK_EVERY = 1024;

}  // namespace

Pool::Pool(const Jobs& jobs, Int capacity, Backfill backfill, Order order)
    : jobs_(jobs),
      capacity_(capacity),
      backfill_(backfill),
      order_(std::move(order)),
      free_(capacity),
      profile_(capacity) {
    require_sound(jobs, capacity);
    const std::size_t n = jobs.submit.size();
    if (order_.rank.size() != n && !(order_.rank.empty() && order_.sort)) {
        throw std::invalid_argument("jobs: a rank per job is expected");
    }
    expected_.resize(n);
    reserved_.assign(n, FOREVER);
    starts_ = {std::vector<Int>(n, ABSENT), std::vector<Int>(n, FOREVER)};
}

Starts Pool::run(const std::function<void()>& check) {
    int events = 0;
    for (Int now = next_event(); now < FOREVER; now = next_event()) {
        if (++events % CHECK_EVERY == 0) {
            check();
        }
        while (!ends_.empty() && ends_.front().first == now) {
            const Int job = ends_.front().second;
            std::ranges::pop_heap(ends_, std::greater{});
            ends_.pop_back();
            finish(job, now);
        }
        if (predicts()) {
            prolong(now);
        }
        submit(now);
        if (waiting_.empty()) {
            continue;
        }
        if (backfill_ == Backfill::CONSERVATIVE) {
            start_reserved(now);
        } else {
            start_in_order(now);
        }
        std::erase_if(waiting_, [this](Int job) { return started(job) != ABSENT; });
    }
    return std::move(starts_);
}

Int Pool::next_event() const {
    Int time = FOREVER;
    if (static_cast<std::size_t>(next_) < jobs_.submit.size()) {
        time = jobs_.submit[static_cast<std::size_t>(next_)];
    }
    if (!ends_.empty()) {
        time = std::min(time, ends_.front().first);
    }
    if (!running_.empty()) {
        time = std::min(time, running_.front().expected);
    }
    if (backfill_ == Backfill::CONSERVATIVE) {
        for (const Int job : waiting_) {
            time = std::min(time, reserved_[static_cast<std::size_t>(job)]);
        }
    }
    return time;
}

void Pool::expect(Running running) {
    expected_[static_cast<std::size_t>(running.job)] = running.expected;
    running_.insert(std::ranges::upper_bound(running_, running.expected, {}, &Running::expected),
                    running);
}

void Pool::promise(Int job, Int time) {
    Int& first = starts_.promised[static_cast<std::size_t>(job)];
    first = first == FOREVER ? time : first;
}

void Pool::finish(Int job, Int now) {
    free_ += amount(job);
    if (!predicts()) {
        return;
    }
    const Int expected = expected_[static_cast<std::size_t>(job)];
    auto at = std::ranges::lower_bound(running_, expected, {}, &Running::expected);
    while (at->job != job) {
        ++at;
    }
    running_.erase(at);
    if (backfill_ == Backfill::CONSERVATIVE && now < expected) {
        profile_.take(-amount(job), now, expected);
        released_ = true;
    }
}

void Pool::prolong(Int now) {
    while (!running_.empty() && running_.front().expected <= now) {
        const Int job = running_.front().job;
        running_.erase(running_.begin());
        expect({now + (now - started(job)), job});
        overrun_ = true;
    }
}

void Pool::submit(Int now) {
    while (static_cast<std::size_t>(next_) < jobs_.submit.size() &&
           jobs_.submit[static_cast<std::size_t>(next_)] == now) {
        auto place = waiting_.end();
        if (!order_.sort) {
            const auto rank = [this](Int job) {
                return order_.rank[static_cast<std::size_t>(job)];
            };
            place = std::ranges::upper_bound(waiting_, rank(next_), {}, rank);
        }
        waiting_.insert(place, next_++);
        unreserved_ = true;
    }
}

void Pool::sort(Int now) {
    if (order_.sort && waiting_.size() > 1) {
        order_.sort(now, waiting_, Ints{});
    }
}

void Pool::start(Int job, Int now) {
    started(job) = now;
    free_ -= amount(job);
    ends_.emplace_back(now + jobs_.run[static_cast<std::size_t>(job)], job);
    std::ranges::push_heap(ends_, std::greater{});
    if (predicts()) {
        expect({now + estimate(job), job});
    }
}

void Pool::start_in_order(Int now) {
    if (free_ == 0 && backfill_ != Backfill::EASY) {
        return;
    }
    sort(now);
    for (std::size_t k = 0; k < waiting_.size(); ++k) {
        if (amount(waiting_[k]) <= free_) {
            start(waiting_[k], now);
        } else if (backfill_ == Backfill::EASY) {
            start_around(k, now);
            return;
        } else if (backfill_ == Backfill::NONE) {
            return;
        }
    }
}

// Starts jobs behind `head` that leave it its units at the instant at which it can have them.
void Pool::start_around(std::size_t head, Int now) {
    const Int wanted = amount(waiting_[head]);
    Int there = free_;
    std::size_t k = 0;
    while (there < wanted) {
        there += amount(running_[k++].job);
    }
    const Int shadow = running_[k - 1].expected;
    for (; k < running_.size() && running_[k].expected == shadow; ++k) {
        there += amount(running_[k].job);
    }
    Int extra = there - wanted;
    promise(waiting_[head], shadow);
    for (std::size_t i = head + 1; i < waiting_.size() && free_ > 0; ++i) {
        const Int job = waiting_[i];
        const bool over_in_time = now + estimate(job) <= shadow;
        if (amount(job) <= free_ && (over_in_time || amount(job) <= extra)) {
            start(job, now);
            extra -= over_in_time ? 0 : amount(job);
        }
    }
}

void Pool::start_reserved(Int now) {
    profile_.forget_before(now);
    if (released_ || overrun_ || unreserved_) {
        sort(now);
    }
    if (overrun_) {
        replan(now);
    } else if (released_) {
        move_forward(now);
    }
    if (unreserved_) {
        for (const Int job : waiting_) {
            if (reserved(job) == FOREVER) {
                reserve(job, now);
                promise(job, reserved(job));
            }
        }
    }
    released_ = overrun_ = unreserved_ = false;
    for (const Int job : waiting_) {
        if (reserved(job) == now) {
            start(job, now);
        }
    }
}

void Pool::reserve(Int job, Int now) {
    const Int time = profile_.earliest(amount(job), estimate(job), now);
    profile_.take(amount(job), time, time + estimate(job));
    reserved(job) = time;
}

void Pool::move_forward(Int now) {
    bool moved = true;
    while (moved) {
        moved = false;
        for (const Int job : waiting_) {
            const Int before = reserved(job);
            if (before > now && before < FOREVER) {
                profile_.take(-amount(job), before, before + estimate(job));
                reserve(job, now);
                moved = moved || reserved(job) < before;
            }
        }
    }
}

// Makes all reservations anew, the earliest first, because somebody occupies more than was known.
void Pool::replan(Int now) {
    profile_ = FreeProfile(capacity_);
    profile_.forget_before(now);
    for (const Running& running : running_) {
        profile_.take(amount(running.job), now, running.expected);
    }
    std::vector<Int> by_time;
    std::ranges::copy_if(waiting_, std::back_inserter(by_time),
                         [this](Int job) { return reserved(job) < FOREVER; });
    std::ranges::stable_sort(by_time, {}, [this](Int job) { return reserved(job); });
    for (const Int job : by_time) {
        reserve(job, now);
    }
}

}  // namespace headway::simulate
