"""PDF reports of the centre: the same data give the same number and the same bytes."""

from rcoi.reports.packet import packet_report
from rcoi.reports.point import point_report
from rcoi.reports.region import region_report

__all__ = ["packet_report", "point_report", "region_report"]
