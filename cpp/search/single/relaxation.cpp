#include "search/single/relaxation.hpp"

#include <algorithm>
#include <numeric>

namespace headway::search::single {
namespace {

constexpr Int SCALE = 256;  // prices are multiples of 1 / SCALE
// So that no sum of costs or prices over all instants leaves 64 bits.
constexpr Int LARGEST_SUM = Int{1} << 44;
constexpr Int LARGEST_DIFFERENCE = Int{1} << 52;
constexpr Int MOST_CELLS = 50'000'000;        // jobs times instants
constexpr Int MOST_WORK = 2'000'000'000;      // cells filled in all rounds together
constexpr std::uint64_t MOST_ROUNDS = 3000;
constexpr Int STEP_UNIT = 1024;               // steps are multiples of 1 / STEP_UNIT
constexpr int PATIENCE = 30;                  // rounds without a better bound that shorten steps

Int cells(const Line& line) { return line.size() * (line.total_work() + 1); }

}  // namespace

bool Relaxation::applies(const Line& line) {
    if (!line.is_separable() || line.size() < 2 || line.total_work() > MOST_CELLS ||
        cells(line) > MOST_CELLS) {
        return false;
    }
    Int sum = 0;
    for (Index j = 0; j < line.size(); ++j) {
        const Int most = line.job(j).cost(line.total_work());
        if (line.job(j).work == 0 || most > LARGEST_SUM / line.total_work() ||
            (sum += most) > LARGEST_SUM) {
            return false;
        }
    }
    return true;
}

std::uint64_t Relaxation::affordable(const Line& line) {
    const Int rounds = MOST_WORK / std::max(Int{1}, cells(line));
    return std::min(MOST_ROUNDS, static_cast<std::uint64_t>(rounds));
}

Relaxation::Relaxation(const Line& line, std::span<const Index> order)
    : line_(&line),
      target_(line.value(order) - line.overall().makespan * line.total_work()),
      price_(order.size()),
      instant_(static_cast<std::size_t>(line.total_work()) + 1),
      runs_(order.size()) {
    Int now = 0;
    for (const Index j : order) {
        now += line.job(j).work;
        price_[static_cast<std::size_t>(j)] = SCALE * line.job(j).cost(now);
        highest_ = std::max(highest_, 2 * SCALE * line.job(j).cost(line.total_work()));
    }
}

bool Relaxation::fill(const StopFlag& stop) {
    instant_[0] = {{0, -1, false}, {}};
    for (std::size_t t = 1; t < instant_.size(); ++t) {
        Instant here;
        for (Index j = 0; j < line_->size(); ++j) {
            const Job& job = line_->job(j);
            if (static_cast<std::size_t>(job.work) > t) {
                continue;
            }
            const Instant& begin = instant_[t - static_cast<std::size_t>(job.work)];
            const bool second = begin.first.job == j;
            const Int before = second ? begin.second.cost : begin.first.cost;
            if (before == UNREACHED) {
                continue;
            }
            const Int cost = before + SCALE * job.cost(static_cast<Int>(t)) -
                             price_[static_cast<std::size_t>(j)];
            if (cost < here.first.cost) {
                here.second = here.first;
                here.first = {cost, j, second};
            } else if (cost < here.second.cost) {
                here.second = {cost, j, second};
            }
        }
        instant_[t] = here;
        if (t % 256 == 0 && stop.is_set()) {
            return false;
        }
    }
    return instant_.back().first.cost != UNREACHED;
}

void Relaxation::count() {
    std::fill(runs_.begin(), runs_.end(), 0);
    bool second = false;
    for (std::size_t t = instant_.size() - 1; t > 0;) {
        const Way& way = second ? instant_[t].second : instant_[t].first;
        ++runs_[static_cast<std::size_t>(way.job)];
        second = way.second;
        t -= static_cast<std::size_t>(line_->job(way.job).work);
    }
}

Int Relaxation::bound(std::uint64_t rounds, const StopFlag& stop) {
    const Int always = line_->overall().makespan * line_->total_work();
    Int best = 0, highest = -UNREACHED, step = 2 * STEP_UNIT;
    int quiet = 0;
    std::vector<Int> best_price = price_;
    for (std::uint64_t round = 0; round < rounds && best < target_ && step > 0; ++round) {
        if (!fill(stop)) {
            break;
        }
        const Int value = instant_.back().first.cost +
                          std::accumulate(price_.begin(), price_.end(), Int{0});
        const Int proven = value > 0 ? (value + SCALE - 1) / SCALE : 0;
        best = std::max(best, proven);
        if (value > highest) {
            highest = value;
            best_price = price_;
            quiet = 0;
        } else if (++quiet >= PATIENCE) {
            quiet = 0;
            step = 2 * step / 3;
            price_ = best_price;
            continue;
        }
        count();
        Int norm = 0;
        for (const Int runs : runs_) {
            norm += (1 - runs) * (1 - runs);
        }
        if (norm == 0) {
            break;  // every job runs once: no order is cheaper
        }
        const Int lacking = std::min(SCALE * target_ - value, LARGEST_DIFFERENCE);
        const Int move = std::max(Int{1}, lacking / norm * step / STEP_UNIT);
        for (std::size_t j = 0; j < price_.size(); ++j) {
            price_[j] = std::clamp(price_[j] + move * (1 - runs_[j]), -highest_, highest_);
        }
    }
    return best + always;
}

}  // namespace headway::search::single
