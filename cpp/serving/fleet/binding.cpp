#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>

#include <memory>
#include <utility>

#include "serving/binding.hpp"
#include "serving/columns.hpp"
#include "serving/fleet/fleet.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace serving;

using Table = nb::ndarray<nb::numpy, Int, nb::ndim<2>>;

// A row a figure, a column an engine.
Table table_of(const Loads& loads) {
    auto* kept = new std::vector<Int>;
    for (const auto* row : {&loads.running, &loads.waiting, &loads.present, &loads.free_blocks,
                            &loads.blocks_wanted, &loads.blocks_wanted_first, &loads.most_urgent}) {
        kept->insert(kept->end(), row->begin(), row->end());
    }
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<Int>*>(p); });
    return Table(kept->data(), {7, loads.running.size()}, owner);
}

nb::dict columns_of(FleetLeft&& left) {
    nb::dict columns;
    columns["engine"] = moved(std::move(left.engine));
    columns["request"] = moved(std::move(left.request));
    columns["computed"] = moved(std::move(left.computed));
    columns["generated"] = moved(std::move(left.generated));
    return columns;
}

}  // namespace

void bind_fleet(nb::module_& module) {
    nb::enum_<Fleet::Stop>(module, "FleetStop", "Why a fleet stopped.", nb::is_arithmetic())
        .value("TIME", Fleet::Stop::time)
        .value("EVENT", Fleet::Stop::event)
        .value("QUESTION", Fleet::Stop::question);

    nb::class_<Fleet>(module, "Fleet", "Many engines on one clock.")
        .def(nb::init<>())
        .def("add", &Fleet::add, "engine"_a, "Returns the number of the engine.")
        .def(
            "submit",
            [](Fleet& fleet, Int engine, Int request, double at_s, Int computed, Int generated,
               Int reserved) {
                fleet.submit(engine, request, at_s, {computed, generated, reserved});
            },
            "engine"_a, "request"_a, "at_s"_a, "computed"_a = 0, "generated"_a = 0,
            "reserved"_a = 0, "Lets a request arrive at an engine, as far as others brought it.")
        .def("advance", &Fleet::advance, "until_s"_a, "stops"_a,
             nb::call_guard<nb::gil_scoped_release>(),
             "Plays until a time or, if told so, until a request ends or leaves an engine.")
        .def("withdraw", &Fleet::withdraw, "engine"_a, "request"_a,
             "Lets a request leave, at once or when its step ends.")
        .def(
            "crash", [](Fleet& fleet, Int engine) { return to_numpy(fleet.crash(engine)); },
            "engine"_a, "Kills an engine; returns the requests that were there.")
        .def(
            "reserve",
            [](Fleet& fleet, Int engine, Int blocks) {
                const bool done = fleet.engine(engine).reserve(blocks);
                fleet.touch(engine);
                return done;
            },
            "engine"_a, "blocks"_a, "Keeps blocks free; false if there are not so many.")
        .def(
            "unreserve",
            [](Fleet& fleet, Int engine, Int blocks) {
                fleet.engine(engine).unreserve(blocks);
                fleet.touch(engine);
            },
            "engine"_a, "blocks"_a)
        .def(
            "warm",
            [](Fleet& fleet, Int engine, Int request, Int tokens) {
                const bool begins = fleet.engine(engine).warm(request, tokens, fleet.now_s());
                fleet.touch(engine);
                return begins;
            },
            "engine"_a, "request"_a, "tokens"_a,
            "Lets an idle engine compute what nobody has asked for yet; tells whether it does.")
        .def(
            "stall",
            [](Fleet& fleet, Int engine, double until_s) {
                fleet.engine(engine).stall(until_s);
                fleet.touch(engine);
            },
            "engine"_a, "until_s"_a, "Nothing begins or ends in an engine before a time.")
        .def(
            "set_pace",
            [](Fleet& fleet, Int engine, double pace) { fleet.engine(engine).set_pace(pace); },
            "engine"_a, "pace"_a, "Steps to come take so many times as long.")
        .def_prop_ro("now_s", &Fleet::now_s)
        .def_prop_ro("next_s", &Fleet::next_s)
        .def_prop_ro("asker", &Fleet::asker)
        .def_prop_ro("ask", &Fleet::ask)
        .def_prop_ro("has_news", &Fleet::has_news)
        .def("loads", [](const Fleet& fleet) { return table_of(fleet.loads()); })
        .def("take_ended",
             [](Fleet& fleet) {
                 FleetEnded ended = fleet.take_ended();
                 auto engines = moved(std::move(ended.engine));
                 nb::dict columns = columns_of(std::move(static_cast<Ended&>(ended)));
                 columns["engine"] = engines;
                 return columns;
             })
        .def("take_left", [](Fleet& fleet) { return columns_of(fleet.take_left()); });
}

}  // namespace headway
