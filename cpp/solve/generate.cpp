#include "solve/generate.hpp"

#include <algorithm>
#include <chrono>
#include <queue>
#include <tuple>
#include <utility>

#include "solve/agenda.hpp"

namespace headway {
namespace {

// Asks whether to go on, but neither at every step nor more than fifty times a second.
class Patience {
public:
    explicit Patience(const std::function<bool()>& interrupted) : interrupted_(interrupted) {}

    bool ends() {
        if (!interrupted_ || ++steps_ % 64 != 0 || Clock::now() < next_) {
            return false;
        }
        next_ = Clock::now() + std::chrono::milliseconds(20);
        return interrupted_();
    }

private:
    using Clock = std::chrono::steady_clock;

    const std::function<bool()>& interrupted_;
    std::uint64_t steps_ = 0;
    Clock::time_point next_ = Clock::now() + std::chrono::milliseconds(20);
};

class Generation {
public:
    Generation(const Network& network, const Priority& priority, const Sampling& sampling,
               const std::function<bool()>& interrupted)
        : network_(network),
          priority_(priority),
          plan_(network),
          agenda_(sampling.alpha, sampling.seed),
          patience_(interrupted),
          sampling_(sampling.alpha > 0),
          queues_(network.gates.size()),
          waits_(network.unit_waits),
          ready_(network.units.size(), 0) {}

    Verdict serial() {
        for (const Int unit : first_units()) {
            push(unit, ready_[unit]);
        }
        while (!agenda_.empty()) {
            if (patience_.ends()) {
                return {Outcome::FAILS, Reason::INTERRUPTED};
            }
            const Int unit = agenda_.pop();
            const Verdict verdict = plan_.place(unit, 0, FOREVER);
            if (verdict.outcome == Outcome::FAILS) {
                return verdict;
            }
            if (verdict.outcome == Outcome::WAITS) {
                delayed_.push_back({unit, verdict});
                continue;
            }
            plan_.keep(unit);
            for (const Int other : released_by(unit)) {
                push(other, ready_[other]);
            }
            for (const Int other : awakened()) {
                push(other, ready_[other]);
            }
        }
        return leftover();
    }

    Verdict parallel() {
        for (const Int unit : first_units()) {
            later_.push({ready_[unit], unit});
        }
        while (true) {
            if (agenda_.empty()) {
                if (later_.empty()) {
                    return leftover();
                }
                move_on();
            }
            if (patience_.ends()) {
                return {Outcome::FAILS, Reason::INTERRUPTED};
            }
            const Int unit = agenda_.pop();
            if (parked(unit)) {
                continue;
            }
            const Verdict verdict = plan_.place(unit, now_, now_);
            if (verdict.outcome == Outcome::FAILS) {
                return verdict;
            }
            if (verdict.outcome == Outcome::WAITS) {
                delayed_.push_back({unit, verdict});
            } else if (verdict.outcome == Outcome::LATER) {
                later_.push({verdict.start, unit});
            } else {
                plan_.keep(unit);
                for (const Int other : released_by(unit)) {
                    if (ready_[other] <= now_) {
                        push(other, now_);
                    } else {
                        later_.push({ready_[other], other});
                    }
                }
                for (const Int other : awakened()) {
                    push(other, now_);
                }
            }
            call_next(network_.units[unit].gate);
        }
    }

    Generated result(const Verdict& verdict) {
        return {std::move(plan_.start), std::move(plan_.end), std::move(plan_.mode), verdict};
    }

private:
    // Units behind a closed gate, a heap by urgency.
    struct Queue {
        struct Entry {
            double key;
            Int unit;
        };
        static bool later(const Entry& a, const Entry& b) {
            return std::tie(a.key, a.unit) > std::tie(b.key, b.unit);
        }

        std::vector<Entry> entries;
        bool asleep = false;
    };
    // A time, and the unit that cannot start before it, or the gate (-1 - gate) that opens then.
    using Event = std::pair<Int, Int>;

    Int leader(Int unit) const { return network_.units[unit].tasks.front(); }

    double key(Int unit, Int now) const { return priority_(leader(unit), now, ready_[unit]); }

    void push(Int unit, Int now) { agenda_.push(key(unit, now), unit); }

    // Lets time pass until something may start again.
    void move_on() {
        now_ = later_.top().first;
        while (!later_.empty() && later_.top().first <= now_) {
            const Int who = later_.top().second;
            later_.pop();
            if (who >= 0) {
                push(who, now_);
                continue;
            }
            const Int gate = -1 - who;
            queues_[gate].asleep = false;
            if (is_timed(priority_.formula)) {
                for (Queue::Entry& entry : queues_[gate].entries) {
                    entry.key = key(entry.unit, now_);
                }
                std::ranges::make_heap(queues_[gate].entries, Queue::later);
            }
            call_next(gate);
        }
    }

    // Whether a unit has to queue behind its gate for now.
    bool parked(Int unit) {
        const Int gate = network_.units[unit].gate;
        if (gate == ABSENT || sampling_) {
            return false;
        }
        Queue& queue = queues_[gate];
        if (!queue.asleep) {
            const Int opens = plan_.opens(gate, now_);
            if (opens <= now_) {
                return false;
            }
            queue.asleep = true;
            later_.push({opens, -1 - gate});
        }
        queue.entries.push_back({key(unit, now_), unit});
        std::ranges::push_heap(queue.entries, Queue::later);
        return true;
    }

    // Puts the most urgent unit behind a gate on the agenda; the others would come after it anyway.
    void call_next(Int gate) {
        if (gate == ABSENT || queues_[gate].asleep || queues_[gate].entries.empty()) {
            return;
        }
        std::vector<Queue::Entry>& entries = queues_[gate].entries;
        std::ranges::pop_heap(entries, Queue::later);
        agenda_.push(entries.back().key, entries.back().unit);
        entries.pop_back();
    }

    std::vector<Int> first_units() {
        std::vector<Int> units;
        for (std::size_t unit = 0; unit < waits_.size(); ++unit) {
            if (waits_[unit] == 0) {
                ready_[unit] = plan_.ready(leader(static_cast<Int>(unit)));
                units.push_back(static_cast<Int>(unit));
            }
        }
        return units;
    }

    std::vector<Int> released_by(Int unit) {
        std::vector<Int> units;
        for (const Int other : network_.unit_successors[unit]) {
            if (--waits_[other] == 0) {
                ready_[other] = plan_.ready(leader(other));
                units.push_back(other);
            }
        }
        return units;
    }

    // Units that had to wait may try again after each success.
    std::vector<Int> awakened() {
        std::vector<Int> units;
        for (const auto& [unit, verdict] : std::exchange(delayed_, {})) {
            units.push_back(unit);
        }
        return units;
    }

    Verdict leftover() const {
        if (delayed_.empty()) {
            return {Outcome::PLACED};
        }
        Verdict verdict = delayed_.front().second;
        verdict.outcome = Outcome::FAILS;
        return verdict;
    }

    const Network& network_;
    const Priority& priority_;
    Plan plan_;
    Agenda agenda_;
    Patience patience_;
    bool sampling_;
    Int now_ = 0;
    std::vector<Queue> queues_;  // per gate
    std::priority_queue<Event, std::vector<Event>, std::greater<>> later_;
    std::vector<Int> waits_;
    std::vector<Int> ready_;
    std::vector<std::pair<Int, Verdict>> delayed_;
};

}  // namespace

Generated generate(const Network& network, const Priority& priority, Scheme scheme,
                   const Sampling& sampling, const std::function<bool()>& interrupted) {
    Generation generation(network, priority, sampling, interrupted);
    const Verdict verdict =
        scheme == Scheme::SERIAL ? generation.serial() : generation.parallel();
    return generation.result(verdict);
}

}  // namespace headway
