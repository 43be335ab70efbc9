"""What planners call the columns and values of the tables, in Chinese and English.

Words only; :mod:`geo.intake.mapping` and :mod:`geo.intake.values` use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from geo.schema import BASES, GROUPS, SETTINGS, TABLES, UNIT_LEVELS, Column, Table

POPULATION = Table(
    "unit_id",
    {
        "population": Column("number", unknown=True, least=0),
        "population_basis": Column("choice", unknown=True, choices=BASES),
        "group": Column("choice", required=False, unknown=True, choices=GROUPS),
        "setting": Column("choice", required=False, unknown=True, choices=SETTINGS),
    },
    geometry="none",
)
BOUNDARIES = Table(
    "unit_id",
    {
        "name": Column("text"),
        "level": Column("choice", choices=UNIT_LEVELS),
        "parent_id": Column("unit", unknown=True),
        "population": Column("number", required=False, unknown=True, least=0),
        "population_basis": Column("choice", required=False, unknown=True, choices=BASES),
        "boundary_basis": Column("choice", unknown=True, choices=BASES),
    },
    geometry="polygon",
)
# What an import can be: five of the study's tables, and two ways to feed its units.
IMPORTS: Mapping[str, Table] = MappingProxyType(
    {name: TABLES[name] for name in ("rooms", "cases", "activities", "sites")}
    | {"population": POPULATION, "boundaries": BOUNDARIES}
)

# Columns that say where a row is, in words or numbers; no table keeps them as they are.
PLACE_COLUMNS = ("county", "township", "village", "address", "serves")
POINT_COLUMNS = ("lon", "lat", "lonlat")

_PLACE: Mapping[str, tuple[str, ...]] = {
    "county": ("县", "县区", "区县", "县市区", "县级", "所在县", "所属县区", "county", "district"),
    "township": (
        "乡镇",
        "镇街",
        "乡镇街道",
        "街道",
        "所属乡镇",
        "所在乡镇",
        "镇",
        "township",
        "town",
    ),
    "village": ("村", "村居", "村社区", "社区", "行政村", "所在村", "village", "committee"),
    "address": ("地址", "详细地址", "地点", "位置", "所在地", "所属单位", "address", "place"),
    "serves": ("服务区域", "服务辖区", "服务范围", "服务单位", "服务对象区域", "serves", "serving"),
    "lon": ("经度", "东经", "x", "x坐标", "横坐标", "lon", "lng", "long", "longitude", "easting"),
    "lat": ("纬度", "北纬", "y", "y坐标", "纵坐标", "lat", "latitude", "northing"),
    "lonlat": ("坐标", "经纬度", "地理坐标", "gps", "coordinates", "location"),
}
_COMMON: Mapping[str, tuple[str, ...]] = {
    "name": ("名称", "活动室名称", "联络站名称", "站点名称", "名", "name", "title"),
    "note": ("备注", "说明", "note", "remark", "remarks", "comment"),
    "source": ("来源", "数据来源", "source"),
    "basis": ("依据", "数据依据", "basis"),
    "location_basis": ("点位依据", "位置依据", "定位依据", "location basis"),
    "room_id": ("活动室编号", "联络站编号", "站点编号", "活动室", "联络站", "room id", "room"),
    "unit_id": ("区划代码", "行政区划代码", "单位代码", "区划编码", "代码", "unit id", "code"),
}
_OF_TABLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "rooms": {
        "room_id": ("编号", "活动室编号", "联络站编号", "站点编号", "id", "room id"),
        "level": ("级别", "层级", "活动室级别", "等级", "level"),
        "kind": ("类型", "类别", "活动室类型", "种类", "kind", "type"),
        "serves_unit_id": ("服务区划代码", "服务单位代码", "serves unit id"),
        "located_unit_id": ("所在区划代码", "所在单位代码", "区划代码", "located unit id"),
        "opened": (
            "成立时间",
            "建成时间",
            "启用时间",
            "设立时间",
            "挂牌时间",
            "成立日期",
            "开放日期",
            "开放时间",
            "启用日期",
            "建成日期",
            "设立日期",
            "挂牌日期",
            "opened",
        ),
        "is_open": ("是否开放", "是否启用", "状态", "运行状态", "开放", "is open", "open"),
    },
    "cases": {
        "case_id": ("编号", "案件编号", "意见编号", "受理编号", "id", "case id"),
        "received": (
            "收到时间",
            "受理时间",
            "收集时间",
            "登记时间",
            "日期",
            "时间",
            "received",
            "date",
        ),
        "categories": ("类别", "分类", "意见类别", "问题类别", "类型", "categories", "category"),
        "channel": ("渠道", "收集渠道", "来源渠道", "channel"),
        "status": ("状态", "办理状态", "办理情况", "进度", "status", "state"),
        "closed": ("办结时间", "办结日期", "完成时间", "closed"),
        "satisfaction": ("满意度", "评分", "satisfaction"),
    },
    "activities": {
        "activity_id": ("编号", "活动编号", "id", "activity id"),
        "date": ("日期", "活动日期", "活动时间", "时间", "date"),
        "themes": ("主题", "活动主题", "内容", "themes", "theme"),
        "deputies": ("代表人数", "参加代表", "参加代表数", "deputies"),
        "attendance": ("群众人数", "参加人数", "接待人数", "人数", "人次", "attendance"),
    },
    "sites": {
        "site_id": ("编号", "候选点编号", "id", "site id"),
        "name": ("名称", "候选点名称", "地点名称", "name"),
        "kind": ("类型", "类别", "kind", "type"),
        "cost": ("费用", "造价", "成本", "预算", "cost"),
    },
    "population": {
        "population": ("人口", "常住人口", "人口数", "总人口", "人口数量", "population", "people"),
        "population_basis": ("人口依据", "口径", "依据", "population basis"),
        "group": ("人群", "群体", "人员类别", "服务人群", "group"),
        "setting": ("城乡", "城乡分类", "城乡类型", "setting", "urban rural"),
    },
    "boundaries": {
        "unit_id": (
            "区划代码",
            "行政区划代码",
            "代码",
            "编码",
            "adcode",
            "code",
            "unit id",
            "id",
            "gb",
        ),
        "name": ("名称", "区划名称", "name", "name zh", "fullname"),
        "level": ("级别", "层级", "level"),
        "parent_id": ("上级代码", "上级区划代码", "父级代码", "parent", "parent id", "parent code"),
        "population": ("人口", "常住人口", "population"),
        "population_basis": ("人口依据", "population basis"),
        "boundary_basis": ("边界依据", "boundary basis"),
    },
}

VALUES: Mapping[str, Mapping[str, str]] = {
    "kind": {
        "代表之家": "hub",
        "县级代表之家": "hub",
        "中心站": "hub",
        "乡镇": "township",
        "街道": "township",
        "乡镇街道": "township",
        "乡镇街道活动室": "township",
        "镇": "township",
        "村": "village",
        "行政村": "village",
        "村级": "village",
        "村居": "village",
        "片区": "area",
        "村级片区": "area",
        "社区": "community",
        "园区": "park",
        "工业园区": "park",
        "产业基地": "park",
        "开发区": "park",
        "高校": "campus",
        "学校": "campus",
        "院校": "campus",
        "校园": "campus",
        "小区": "compound",
        "住宅小区": "compound",
        "行业": "sector",
        "界别": "sector",
        "行业系统": "sector",
        "专业": "sector",
        "异地": "outpost",
        "驻外": "outpost",
        "流动人口": "outpost",
    },
    "level": {
        "市": "city",
        "市级": "city",
        "县": "county",
        "县级": "county",
        "区县": "county",
        "县市区": "county",
        "县市区级": "county",
        "乡镇": "township",
        "乡级": "township",
        "镇级": "township",
        "街道": "township",
        "乡镇级": "township",
        "乡镇街道": "township",
        "村": "village",
        "村级": "village",
        "社区": "village",
        "村居": "village",
        "社区级": "village",
        "村社区": "village",
    },
    "status": {
        "已收集": "collected",
        "收集": "collected",
        "待办": "collected",
        "已登记": "registered",
        "登记": "registered",
        "已交办": "assigned",
        "交办": "assigned",
        "办理中": "assigned",
        "在办": "assigned",
        "已办理": "handled",
        "已解决": "handled",
        "办结": "handled",
        "已办结": "handled",
        "已反馈": "fed_back",
        "反馈": "fed_back",
        "已答复": "fed_back",
        "已归档": "filed",
        "归档": "filed",
        "转办": "transferred",
        "已转办": "transferred",
        "逾期": "overdue",
        "超期": "overdue",
        "撤回": "withdrawn",
        "已撤回": "withdrawn",
    },
    "basis": {
        "上报": "reported",
        "填报": "reported",
        "报告": "reported",
        "普查": "census",
        "人口普查": "census",
        "登记": "register",
        "户籍": "register",
        "推算": "derived",
        "推导": "derived",
        "模型": "modelled",
        "估算": "modelled",
        "模拟": "simulated",
    },
    "group": {
        **dict.fromkeys(("居民", "常住人口", "常住居民", "residents"), "resident"),
        **dict.fromkeys(("学生", "在校学生", "在校生", "师生", "students"), "student"),
        **dict.fromkeys(("职工", "务工人员", "从业人员", "员工", "工人", "workers"), "worker"),
    },
    "setting": {
        **dict.fromkeys(("城镇", "城市", "城区", "镇区"), "urban"),
        **dict.fromkeys(("农村", "乡村"), "rural"),
    },
    "bool": {
        **dict.fromkeys(("是", "有", "开放", "启用", "正常", "运行", "在用", "正常运行"), "true"),
        **dict.fromkeys(("已启用", "y", "yes", "true", "1", "t", "√", "✓"), "true"),
        **dict.fromkeys(("否", "关闭", "停用", "撤销", "未启用", "已关闭", "停止运行"), "false"),
        **dict.fromkeys(("n", "no", "false", "0", "f", "×", "✗"), "false"),
    },
}


def words_for(table: str) -> Mapping[str, tuple[str, ...]]:
    """Return every target column of an import with the headers it may stand under.

    Parameters
    ----------
    table : str
        A key of :data:`IMPORTS`.

    Returns
    -------
    mapping of str to tuple of str
        Columns of the table, its id, and the place and point columns it can use. The first word of
        each tuple is the one to show.
    """
    spec = IMPORTS[table]
    own = _OF_TABLE[table]
    words = {c: own.get(c) or _COMMON.get(c) or (c,) for c in (spec.index, *spec.columns)}
    place = {} if table == "boundaries" else {c: _PLACE[c] for c in PLACE_COLUMNS}
    if table != "rooms":
        place.pop("serves", None)
    if table == "population":
        place["address"] = ("名称", "地区", "行政区划", "区划名称", "name", *_PLACE["address"])
    point = {c: _PLACE[c] for c in POINT_COLUMNS} if spec.geometry.startswith("point") else {}
    return {**words, **place, **point}
