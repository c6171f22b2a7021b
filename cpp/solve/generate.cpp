#include "solve/generate.hpp"

#include <chrono>
#include <queue>
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
            const Verdict verdict = plan_.place(unit, 0);
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
        Int now = 0;
        using Event = std::pair<Int, Int>;  // a time before which a unit cannot start, the unit
        std::priority_queue<Event, std::vector<Event>, std::greater<>> later;
        for (const Int unit : first_units()) {
            later.push({ready_[unit], unit});
        }
        while (true) {
            if (agenda_.empty()) {
                if (later.empty()) {
                    return leftover();
                }
                now = later.top().first;
                while (!later.empty() && later.top().first <= now) {
                    push(later.top().second, now);
                    later.pop();
                }
            }
            if (patience_.ends()) {
                return {Outcome::FAILS, Reason::INTERRUPTED};
            }
            const Int unit = agenda_.pop();
            const Verdict verdict = plan_.place(unit, now);
            if (verdict.outcome == Outcome::FAILS) {
                return verdict;
            }
            if (verdict.outcome == Outcome::WAITS) {
                delayed_.push_back({unit, verdict});
                continue;
            }
            const Int start = plan_.start_of(unit);
            if (start > now) {
                plan_.undo(unit);
                later.push({start, unit});
                continue;
            }
            plan_.keep(unit);
            for (const Int other : released_by(unit)) {
                if (ready_[other] <= now) {
                    push(other, now);
                } else {
                    later.push({ready_[other], other});
                }
            }
            for (const Int other : awakened()) {
                push(other, now);
            }
        }
    }

    Generated result(const Verdict& verdict) {
        return {std::move(plan_.start), std::move(plan_.end), std::move(plan_.mode), verdict};
    }

private:
    Int leader(Int unit) const { return network_.units[unit].tasks.front(); }

    void push(Int unit, Int now) {
        agenda_.push(priority_(leader(unit), now, ready_[unit]), unit);
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
