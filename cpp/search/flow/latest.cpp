#include "search/flow/latest.hpp"

#include <algorithm>

#include "search/flow/vector.hpp"

namespace headway::search::flow {
namespace {

// By place: `end` moves on by one machine, behind whatever is there, and `value` follows.
HEADWAY_WIDE
void pass(Time* __restrict end, Time* __restrict value, const Time* __restrict head,
          const Time* __restrict tail, Time duration, Index places) {
    for (Index i = 0; i < places; ++i) {
        end[i] = std::max(end[i], head[i]) + duration;
        value[i] = std::max(value[i], end[i] + tail[i]);
    }
}

// The same with blocking: a job leaves when it is done and the next machine, whose free times are
// `next`, takes it.
HEADWAY_WIDE
void pass_blocking(Time* __restrict end, Time* __restrict value, const Time* __restrict next,
                   const Time* __restrict tail, Time duration, Index places) {
    for (Index i = 0; i < places; ++i) {
        end[i] = std::max(end[i] + duration, next[i]);
        value[i] = std::max(value[i], end[i] + tail[i]);
    }
}

}  // namespace

LatestSequence::LatestSequence(const Shop& shop) : Sequence(shop) {
    const auto n = static_cast<std::size_t>(shop.n_jobs()) + 1;
    const auto m = static_cast<std::size_t>(shop.n_machines());
    // Setup times depend on the place, so that all machines of a place are looked at together;
    // without them all places are, machine by machine.
    by_place_ = shop.has_setups() ? m : 1;
    by_machine_ = shop.has_setups() ? 1 : n;
    head_.resize(n * m);
    tail_.resize(n * m);
    late_.resize(n);
    least_.resize(n, NEVER);
    end_.resize(n);
    value_.resize(n);
    std::ranges::fill(tail_, NEVER);
    late_[0] = NEVER;
}

void LatestSequence::changed(Index before, Index behind) {
    heads_ = std::min(heads_, before);
    tails_ = std::min(tails_, behind);
}

Int LatestSequence::value() {
    extend_heads();
    return std::max<Int>(late_[static_cast<std::size_t>(size())], shop().floor());
}

void LatestSequence::extend_heads() {
    for (; heads_ < size(); ++heads_) {
        const Index i = heads_;
        const Time end = advance(
            shop(), job_before(i), job(i), [&](Index k) { return head_[head(i, k)]; },
            [&](Index k) -> Time& { return head_[head(i + 1, k)]; });
        const auto at = static_cast<std::size_t>(i);
        late_[at + 1] = std::max(late_[at], end - shop().due(job(i)));
    }
}

void LatestSequence::extend_tails() {
    const Index m = shop().n_machines();
    for (; tails_ < size(); ++tails_) {
        const Index i = size() - 1 - tails_;
        const bool last = i + 1 == size();
        const Time* p = shop().duration(job(i));
        const Time* s = shop().has_setups() && !last ? shop().setup(job(i), job(i + 1)) : nullptr;
        // The column behind the last job holds NEVER.
        const Time* next = tail_.data() + tail(i + 1, 0);
        const auto behind = [&](Index k) {
            return next[static_cast<std::size_t>(k) * by_machine_] + (s == nullptr ? 0 : s[k]);
        };
        Time* here = tail_.data() + tail(i, 0);
        Time t = -shop().due(job(i));
        if (shop().blocking()) {
            t = std::max(t, behind(m - 1));
            for (Index k = m - 1; k >= 0; --k) {
                t += p[k];
                if (k > 0) {
                    t = std::max(t, behind(k - 1));
                }
                here[static_cast<std::size_t>(k) * by_machine_] = t;
            }
        } else {
            for (Index k = m - 1; k >= 0; --k) {
                t = std::max(t, behind(k)) + p[k];
                here[static_cast<std::size_t>(k) * by_machine_] = t;
            }
        }
        const auto at = static_cast<std::size_t>(shop().n_jobs() - 1 - tails_);
        least_[at] = std::max(least_[at + 1], shop().release(job(i)) + t);
    }
}

void LatestSequence::values(Index job) {
    const Index m = shop().n_machines();
    const Index places = size() + 1;
    const Time* p = shop().duration(job);
    const Time release = shop().release(job);
    const auto least = least_.end() - places;
    std::transform(late_.begin(), late_.begin() + places, least, value_.begin(),
                   [](Time before, Time behind) { return std::max(before, behind); });
    if (!shop().blocking()) {
        std::fill_n(end_.begin(), places, release);
        for (Index k = 0; k < m; ++k) {
            pass(end_.data(), value_.data(), head_.data() + head(0, k), tail_.data() + tail(0, k),
                 p[k], places);
        }
    } else {
        std::transform(head_.begin(), head_.begin() + places, end_.begin(),
                       [release](Time free) { return std::max(free, release); });
        for (Index k = 0; k + 1 < m; ++k) {
            pass_blocking(end_.data(), value_.data(), head_.data() + head(0, k + 1),
                          tail_.data() + tail(0, k), p[k], places);
        }
        const Time* tail_at = tail_.data() + tail(0, m - 1);
        for (std::size_t i = 0; i < static_cast<std::size_t>(places); ++i) {
            end_[i] += p[m - 1];
            value_[i] = std::max(value_[i], end_[i] + tail_at[i]);
        }
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(places); ++i) {
        value_[i] = std::max(value_[i], end_[i] - shop().due(job));
    }
}

void LatestSequence::values_with_setups(Index job) {
    const Index m = shop().n_machines();
    const Time* p = shop().duration(job);
    for (Index i = 0; i <= size(); ++i) {
        const Time* s = shop().setup(job_before(i), job);
        // The last place has no job behind it, and tails of NEVER: any setup will do.
        const Time* behind = shop().setup(job, i < size() ? this->job(i) : job);
        const Time* head_at = head_.data() + head(i, 0);
        const Time* tail_at = tail_.data() + tail(i, 0);
        Time t = shop().release(job);
        Time value = std::max(late_[static_cast<std::size_t>(i)],
                              least_[static_cast<std::size_t>(shop().n_jobs() - size() + i)]);
        for (Index k = 0; k < m; ++k) {
            t = std::max(t, head_at[k] + s[k]) + p[k];
            value = std::max(value, t + behind[k] + tail_at[k]);
        }
        value_[static_cast<std::size_t>(i)] = std::max(value, t - shop().due(job));
    }
}

Place LatestSequence::best_place(Index job, Random& random) {
    extend_heads();
    extend_tails();
    if (shop().has_setups()) {
        values_with_setups(job);
    } else {
        values(job);
    }
    const auto last = value_.begin() + size() + 1;
    const Time best = *std::min_element(value_.begin(), last);
    const bool by_idle_time = !shop().has_setups() && !shop().blocking();
    Index chosen = 0, ties = 0;
    Int least = 0;
    for (auto it = std::find(value_.begin(), last, best); it != last;
         it = std::find(it + 1, last, best)) {
        const auto place = static_cast<Index>(it - value_.begin());
        const Int idle_time = by_idle_time ? idle(job, place) : 0;
        if (ties == 0 || idle_time < least) {
            ties = 0;
            least = idle_time;
        }
        if (idle_time == least && random.below(++ties) == 0) {
            chosen = place;
        }
    }
    return {chosen, std::max<Int>(best, shop().floor())};
}

// Idle time of the machines between the job and its neighbours if it is inserted at a place, less
// what is the same for all places (Fernandez-Viagas and Framinan 2014).
Int LatestSequence::idle(Index job, Index place) const {
    const Index m = shop().n_machines();
    const Time* p = shop().duration(job);
    const Time* next = place < size() ? shop().duration(this->job(place)) : nullptr;
    Int sum = 0;
    Time end = shop().release(job);       // of the job on machine k
    Time follows = 0;                     // of the job behind it, likewise
    for (Index k = 0; k < m; ++k) {
        const Time free = head_[head(place, k)];
        if (next == nullptr) {
            sum += k > 0 ? std::max(end - free, 0) : 0;
            end = std::max(end, free) + p[k];
            continue;
        }
        end = std::max(end, free) + p[k];
        if (k > 0) {
            sum += end - head_[head(place + 1, k)] + next[k] - p[k] + std::max(0, follows - end);
        }
        follows = std::max(follows, end) + next[k];
    }
    return sum;
}

}  // namespace headway::search::flow
