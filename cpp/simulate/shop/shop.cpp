#include "simulate/shop/shop.hpp"

#include <algorithm>
#include <initializer_list>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

namespace headway::simulate::shop {
namespace {

using Column = Shop::Column;

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument("shop: " + why); }

void same_length(const char* what, const Column& first, std::initializer_list<const Column*> more) {
    for (const Column* other : more) {
        if (other->size() != first.size()) {
            refuse(std::string("columns of ") + what + " differ in length");
        }
    }
}

void pointer(const char* what, const Column& ptr, std::size_t rows, std::size_t values) {
    if (ptr.size() != rows + 1 || ptr.front() != 0 ||
        ptr.back() != static_cast<Int>(values) || !std::ranges::is_sorted(ptr)) {
        refuse(std::string(what) + " does not fit the columns it points into");
    }
}

void within(const char* what, const Column& values, Int low, Int high, bool forever = false) {
    for (const Int value : values) {
        if ((value < low || value > high) && !(forever && value == FOREVER)) {
            refuse(std::string(what) + ": expected " + std::to_string(low) + " to " +
                   std::to_string(high) + ", got " + std::to_string(value));
        }
    }
}

void names(const char* what, const Column& values, std::size_t count, bool none = false) {
    for (const Int value : values) {
        if (value < (none ? ABSENT : 0) || value >= static_cast<Int>(count)) {
            throw std::out_of_range(std::string("shop: ") + what + ": there is no " +
                                    std::to_string(value));
        }
    }
}

// Sorted, separate intervals of each machine; they may touch.
void intervals(const char* what, const Column& ptr, const Column& start, const Column& end) {
    for (std::size_t m = 0; m + 1 < ptr.size(); ++m) {
        for (Int k = ptr[m]; k < ptr[m + 1]; ++k) {
            if (start[k] < 0 || end[k] <= start[k] || end[k] > LARGEST_TIME ||
                (k > ptr[m] && start[k] < end[k - 1])) {
                refuse(std::string(what) + " of machine " + std::to_string(m) +
                       " must not be empty nor overlap, and must come in order of time");
            }
        }
    }
}

void check_jobs(const Shop& s) {
    same_length("jobs", s.arrival, {&s.release, &s.due, &s.weight, &s.cancelled});
    pointer("op_ptr", s.op_ptr, s.arrival.size(), s.family.size());
    within("arrival", s.arrival, 0, LARGEST_TIME);
    within("release", s.release, 0, LARGEST_TIME);
    within("due", s.due, -LARGEST_TIME, LARGEST_TIME, true);
    within("weight", s.weight, 0, LARGEST_TIME);
    within("cancelled", s.cancelled, 0, LARGEST_TIME, true);
    for (std::size_t j = 0; j < s.arrival.size(); ++j) {
        if (s.op_ptr[j] == s.op_ptr[j + 1]) {
            refuse("job " + std::to_string(j) + " has no operation");
        }
        if (s.release[j] < s.arrival[j]) {
            refuse("job " + std::to_string(j) + " is released before it arrives");
        }
    }
}

void check_operations(const Shop& s) {
    same_length("operations", s.family, {&s.pause});
    pointer("mode_ptr", s.mode_ptr, s.family.size(), s.machine.size());
    same_length("modes", s.machine, {&s.estimate, &s.duration, &s.is_open});
    pointer("demand_ptr", s.demand_ptr, s.machine.size(), s.demand_resource.size());
    same_length("demands", s.demand_resource, {&s.demand_amount});
    within("is_open", s.is_open, 0, 1);
    names("machine", s.machine, s.buffer.size());
    names("resource", s.demand_resource, s.capacity.size());
    names("family", s.family, static_cast<std::size_t>(s.n_families), true);
    within("pause", s.pause, 0, LARGEST_TIME);
    within("estimate", s.estimate, 0, LARGEST_TIME);
    within("duration", s.duration, 0, LARGEST_TIME);
    within("capacity", s.capacity, 0, LARGEST_TIME);
    within("amount", s.demand_amount, 1, LARGEST_TIME);
    for (Int o = 0; o < s.n_ops(); ++o) {
        if (s.mode_ptr[o] == s.mode_ptr[o + 1]) {
            refuse("operation " + std::to_string(o) + " has no mode");
        }
    }
    for (Int i = 0; i < s.n_modes(); ++i) {
        for (Int k = s.demand_ptr[i]; k < s.demand_ptr[i + 1]; ++k) {
            if (s.demand_amount[k] > s.capacity[s.demand_resource[k]]) {
                refuse("mode " + std::to_string(i) + " needs more than there is of resource " +
                       std::to_string(s.demand_resource[k]));
            }
            if (k > s.demand_ptr[i] && s.demand_resource[k] <= s.demand_resource[k - 1]) {
                refuse("mode " + std::to_string(i) +
                       " must list each resource once, in increasing order");
            }
        }
    }
}

void check_machines(const Shop& s) {
    same_length("machines", s.buffer, {&s.batch, &s.setup, &s.effect});
    within("effect", s.effect, 0, static_cast<Int>(Effect::SCRAP));
    within("buffer", s.buffer, 0, LARGEST_TIME, true);
    within("batch", s.batch, 1, LARGEST_TIME);
    const Int size = (s.n_families + 1) * s.n_families;
    const auto cells = static_cast<Int>(s.setup_times.size());
    if (size == 0 ? cells != 0 : cells % size != 0) {
        refuse("setup matrices need (families + 1) x families entries each");
    }
    names("setup", s.setup, static_cast<std::size_t>(size == 0 ? 0 : cells / size), true);
    within("setup time", s.setup_times, 0, LARGEST_TIME);
    within("transfer time", s.transfers, 0, LARGEST_TIME);
    if (!s.transfers.empty() && s.transfers.size() != s.buffer.size() * s.buffer.size()) {
        refuse("transfers need machines x machines entries");
    }
    pointer("break_ptr", s.break_ptr, s.buffer.size(), s.break_start.size());
    same_length("breaks", s.break_start, {&s.break_end});
    intervals("breaks", s.break_ptr, s.break_start, s.break_end);
    pointer("down_ptr", s.down_ptr, s.buffer.size(), s.down_start.size());
    same_length("down times", s.down_start, {&s.down_end});
    intervals("down times", s.down_ptr, s.down_start, s.down_end);
    for (Int i = 0; i < s.n_modes(); ++i) {
        if (s.setup[s.machine[i]] != ABSENT && s.family[s.op_of_mode[i]] == ABSENT) {
            refuse("operation " + std::to_string(s.op_of_mode[i]) +
                   " needs a family, for its machine has setup times");
        }
    }
}

void check_changes(const Shop& s) {
    same_length("changes", s.change_time,
                {&s.change_kind, &s.change_subject, &s.change_value});
    within("time of a change", s.change_time, 0, LARGEST_TIME);
    names("kind of change", s.change_kind, static_cast<std::size_t>(Change::CLOSE) + 1);
    for (std::size_t k = 0; k < s.change_time.size(); ++k) {
        const auto kind = static_cast<Change>(s.change_kind[k]);
        const bool of_job = kind == Change::DUE;
        names("subject of a change", {s.change_subject[k]},
              of_job ? s.arrival.size() : s.machine.size());
        if (kind == Change::DUE || kind == Change::DURATION) {
            within("value of a change", {s.change_value[k]}, of_job ? -LARGEST_TIME : 0,
                   LARGEST_TIME, of_job);
        }
    }
}

// No sum of times may overflow, whatever the order of work.
void check_sums(const Shop& s) {
    constexpr Int MOST = Int{1} << 58;
    Int total = 0;
    const auto add = [&total](Int value, Int times) {
        if (value > (MOST - total) / std::max<Int>(times, 1)) {
            refuse("times add up to 2^58 or more; choose a coarser tick");
        }
        total += value * times;
    };
    for (const Column* column : {&s.duration, &s.estimate, &s.pause}) {
        for (const Int value : *column) {
            add(value, 1);
        }
    }
    for (const Column* column : {&s.setup_times, &s.transfers}) {
        add(column->empty() ? 0 : std::ranges::max(*column), s.n_ops());
    }
    for (std::size_t k = 0; k < s.change_kind.size(); ++k) {
        add(s.change_kind[k] == static_cast<Int>(Change::DURATION) ? s.change_value[k] : 0, 1);
    }
}

Column copied(Ints values) { return {values.begin(), values.end()}; }

Column owners(const Column& ptr, std::size_t count) {
    Column owner(count);
    for (std::size_t i = 0; i + 1 < ptr.size(); ++i) {
        std::fill(owner.begin() + ptr[i], owner.begin() + ptr[i + 1], static_cast<Int>(i));
    }
    return owner;
}

// Pointers by job, and the changes of modes of its operations in order of time.
std::pair<Column, Column> news_of_jobs(const Shop& s) {
    Column ptr(s.arrival.size() + 1, 0), changes;
    const auto job = [&s](Int k) { return s.job_of_op[s.op_of_mode[s.change_subject[k]]]; };
    for (Int k = 0; k < static_cast<Int>(s.change_time.size()); ++k) {
        if (static_cast<Change>(s.change_kind[k]) != Change::DUE) {
            changes.push_back(k);
            ++ptr[job(k) + 1];
        }
    }
    std::partial_sum(ptr.begin(), ptr.end(), ptr.begin());
    std::ranges::sort(changes, {}, [&](Int k) {
        return std::tuple(job(k), s.change_time[k], k);
    });
    return {ptr, changes};
}

}  // namespace

Shop::Shop(const ShopTables& t)
    : arrival(copied(t.arrival)), release(copied(t.release)), due(copied(t.due)),
      weight(copied(t.weight)), cancelled(copied(t.cancelled)), op_ptr(copied(t.op_ptr)),
      family(copied(t.family)), pause(copied(t.pause)), mode_ptr(copied(t.mode_ptr)),
      machine(copied(t.machine)), estimate(copied(t.estimate)), duration(copied(t.duration)),
      is_open(copied(t.is_open)), demand_ptr(copied(t.demand_ptr)),
      demand_resource(copied(t.demand_resource)), demand_amount(copied(t.demand_amount)),
      capacity(copied(t.capacity)), buffer(copied(t.buffer)), batch(copied(t.batch)),
      setup(copied(t.setup)), break_ptr(copied(t.break_ptr)), break_start(copied(t.break_start)),
      break_end(copied(t.break_end)), down_ptr(copied(t.down_ptr)),
      down_start(copied(t.down_start)), down_end(copied(t.down_end)),
      effect(copied(t.effect)), setup_times(copied(t.setup_times)), n_families(t.n_families),
      transfers(copied(t.transfers)), change_time(copied(t.change_time)),
      change_kind(copied(t.change_kind)), change_subject(copied(t.change_subject)),
      change_value(copied(t.change_value)),
      revealed_when_ready(t.revealed_when_ready), trapped(t.trapped) {
    if (n_families < 0 || n_families > (Int{1} << 20)) {
        refuse("the number of families is out of bounds");
    }
    check_jobs(*this);
    pointer("mode_ptr", mode_ptr, family.size(), machine.size());
    job_of_op = owners(op_ptr, family.size());
    op_of_mode = owners(mode_ptr, machine.size());
    check_operations(*this);
    check_machines(*this);
    check_changes(*this);
    check_sums(*this);
    std::tie(news_ptr, news) = news_of_jobs(*this);
}

bool Shop::plain() const {
    return demand_resource.empty() && std::ranges::all_of(buffer, [](Int b) { return b == FOREVER; }) &&
           std::ranges::all_of(batch, [](Int b) { return b == 1; });
}

}  // namespace headway::simulate::shop
