// Machines of different speeds, each with a queue of its own, and the tasks sent to them.
#pragma once

#include <deque>
#include <vector>

#include "base.hpp"
#include "search/random.hpp"

namespace headway::simulate::servers {

// What policies may know of a machine when a task arrives; headway.simulate.servers has the names.
enum class Column : std::uint8_t {
    N, BACKLOG, SIZE, SPEED, MEASURED, RANK, HOME, TURN, PAIR, LUCK, CREDIT, LOAD, TIME
};

inline constexpr std::size_t N_COLUMNS = 13;

// Speeds are in thousandths: work of one tick takes 1000 / speed ticks.
struct FarmTables {
    Ints arrival;   // of the tasks, not decreasing
    Ints size;      // their work
    Ints believed;  // what policies take it to be
    Ints home;      // the machine that size intervals give them to
    Ints speed;     // of the machines
    Ints declared;  // what policies take it to be
    Ints change_time;  // when speeds change, not decreasing
    Ints change_machine;
    Ints change_speed;
    double mean;    // work of a task, as believed before any has arrived
};

// A task that has been sent to a machine.
struct Outcome {
    Int machine = ABSENT;
    Int start = ABSENT;
    Int end = ABSENT;
};

class Farm {
public:
    // Throws std::invalid_argument if a table is malformed.
    Farm(const FarmTables& tables, std::uint64_t seed);

    // Moves on to the next arrival; at the end, lets everything finish and returns false. A task
    // that has arrived must be assigned before.
    bool arrive();

    // Sends the task that has arrived to a machine.
    void assign(std::size_t machine);

    double column(Column column, std::size_t machine) const;

    std::size_t n_machines() const { return machines_.size(); }
    std::size_t n_tasks() const { return arrival_.size(); }
    std::size_t task() const { return task_; }  // the one that has arrived
    bool is_waiting() const { return waiting_; }  // for its assignment
    Int now() const { return now_; }
    Int arrival(std::size_t task) const { return arrival_[task]; }
    double mean() const { return mean_; }
    const std::vector<Outcome>& outcomes() const { return outcomes_; }
    // Tasks that ended since the arrival before, by time.
    const std::vector<std::size_t>& ended() const { return ended_; }

private:
    struct Machine {
        Int speed;
        double declared;
        double rank = 0;
        std::deque<std::size_t> queue;  // the first one is in service
        Int left = 0;   // work of the one in service, times 1000, at `since`
        Int since = 0;
        Int end = FOREVER;
        double waiting = 0;  // work that waits, as believed
        double work = 0;     // believed work done and the time it took, older work counting less
        double time = 0;
        double credit = 0;   // share of tasks by measured speed, less what it got
        double luck = 0;
        bool in_pair = false;
    };

    void begin(Machine& machine);
    void pass(Int until);  // completions and changes of speed up to an instant, that included
    void finish(std::size_t machine);
    void change(std::size_t machine, Int speed);
    void draw();

    std::vector<Int> arrival_, size_, believed_, home_;
    std::vector<Int> change_time_, change_machine_, change_speed_;
    std::vector<Machine> machines_;
    std::vector<Outcome> outcomes_;
    std::vector<std::size_t> ended_;
    search::Random random_;
    double mean_;
    double declared_total_ = 0;
    double recent_work_ = 0, recent_time_ = 0;
    std::size_t next_ = 0, task_ = 0, next_change_ = 0;
    Int now_ = 0;
    bool waiting_ = false;
};

}  // namespace headway::simulate::servers
