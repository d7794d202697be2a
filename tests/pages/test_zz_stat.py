import time
from tests.pages.test_every_page import app, people, stops, _to_see, _signed_in, Role, DESKTOP, PHONE, Visitors, serving, axe_violations
def test_stat(app, people, stops, browser):
    role=Role.BUYER
    client=_signed_in(app, people[role]); cookie=client.get_cookie("session")
    T={"goto":0,"d":0,"p":0,"vp":0}; rows=[]
    with serving(app) as address:
        v=Visitors(browser,address); page=v()
        page.context.add_cookies([{"name":"session","value":cookie.value,"url":address}])
        for path in _to_see(role,stops)[:40]:
            t0=time.time(); page.set_viewport_size(DESKTOP); page.goto(path); t1=time.time(); axe_violations(page); t2=time.time(); page.set_viewport_size(PHONE); page.evaluate("document.documentElement.scrollWidth"); t3=time.time(); axe_violations(page); t4=time.time()
            rows.append((t4-t0,path,page.evaluate("document.querySelectorAll('*').length"))); T["goto"]+=t1-t0;T["d"]+=t2-t1;T["vp"]+=t3-t2;T["p"]+=t4-t3
        v.leave()
    print(T); 
    for r in sorted(rows,reverse=True)[:12]: print(r)
